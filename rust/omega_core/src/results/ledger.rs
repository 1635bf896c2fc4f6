//! The ledger closes: its amounts, added in order, give its balances to the last bit (M5).

use super::{RunTables, read};

impl RunTables {
    /// The first ledger line whose balance is not the balance before it plus its amount; none where
    /// the whole ledger closes. The balance before the first line is 0.
    #[must_use]
    pub fn first_broken_ledger_line(&self) -> Option<usize> {
        let ledger = self.ledger();
        let amounts = read::f64s(&ledger, "amount");
        let balances = read::f64s(&ledger, "balance");
        let mut balance = 0.0_f64;
        amounts.iter().zip(balances).position(|(amount, recorded)| {
            // In the order of booking, from 0: that is the order in which the account added them.
            balance += amount;
            // To the last bit (rule M5); a tolerance would let a lost cent pass in a large account.
            balance.to_bits() != recorded.to_bits()
        })
    }
}
