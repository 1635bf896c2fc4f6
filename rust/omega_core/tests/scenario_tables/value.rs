//! The values of settings: numbers, words, lists, mappings and calls, written as in Python.

/// A setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A bare word or a text.
    Word(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// A mapping.
    Map(Vec<(Value, Value)>),
    /// A call: its name, its arguments, and those by name.
    Call(String, Vec<Value>, Vec<(String, Value)>),
}

impl Value {
    /// Reads an expression.
    pub fn read(expression: &str) -> Self {
        let mut rest = expression;
        let value = value(&mut rest);
        assert_eq!(rest.trim(), "", "read only a part of {expression:?}");
        value
    }

    /// The number that it is.
    pub fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    /// The word that it is.
    pub fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            other => panic!("{other:?} is no word"),
        }
    }

    /// The items of a list; of anything else itself.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => std::slice::from_ref(other),
        }
    }
}

fn value(rest: &mut &str) -> Value {
    *rest = rest.trim_start();
    match rest.chars().next() {
        Some('[') => Value::List(items(rest, ']', value)),
        Some('(') => Value::List(items(rest, ')', value)),
        Some('{') => Value::Map(items(rest, '}', |rest| {
            let name = value(rest);
            assert!(take(rest, ":"), "a mapping has ':' between name and value");
            (name, value(rest))
        })),
        Some('"') => {
            let (text, after) = rest[1..].split_once('"').unwrap();
            *rest = after;
            Value::Word(text.to_owned())
        }
        _ => {
            let inside = |c: char| c.is_alphanumeric() || "_.-+".contains(c);
            let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            *rest = after;
            if rest.starts_with('(') {
                return call(word, rest);
            }
            let number = word.parse().map(Value::Number);
            number.unwrap_or_else(|_| Value::Word(word.to_owned()))
        }
    }
}

fn call(name: &str, rest: &mut &str) -> Value {
    let (mut arguments, mut by_name) = (Vec::new(), Vec::new());
    for (name, given) in items(rest, ')', argument) {
        match name {
            Some(name) => by_name.push((name, given)),
            None => arguments.push(given),
        }
    }
    Value::Call(name.to_owned(), arguments, by_name)
}

fn argument(rest: &mut &str) -> (Option<String>, Value) {
    let given = value(rest);
    if take(rest, "=") {
        return (Some(given.word().to_owned()), value(rest));
    }
    (None, given)
}

fn items<T>(rest: &mut &str, close: char, item: impl Fn(&mut &str) -> T) -> Vec<T> {
    *rest = &rest[1..];
    let mut found = Vec::new();
    let close = close.to_string();
    while !take(rest, &close) {
        found.push(item(rest));
        take(rest, ",");
    }
    found
}

fn take(rest: &mut &str, token: &str) -> bool {
    let after = rest.trim_start().strip_prefix(token);
    *rest = after.unwrap_or(rest);
    after.is_some()
}
