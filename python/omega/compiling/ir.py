"""The text of LLVM's code: types, values, blocks, and a builder that writes one instruction a line.

A builder of llvmlite's own has an object for each instruction, and writes them in a second pass:
that took three quarters of the time in which a class was found on disk.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any


class Type:
    """A type, with its text."""

    __slots__ = ("pointee", "text")

    def __init__(self, text: str, pointee: Any = None) -> None:
        self.text, self.pointee = text, pointee

    def __call__(self, number: float) -> Operand:
        """Return a constant."""
        if self.text == "double":
            (bits,) = struct.unpack("<Q", struct.pack("<d", number))
            return Operand(self, f"0x{bits:016x}")
        return Operand(self, str(int(number)))

    def as_pointer(self) -> Type:
        """Return the type of an address of it."""
        return Type("ptr", self)


class FunctionType(Type):
    """What a function takes and gives."""

    __slots__ = ("arguments", "result")

    def __init__(self, result: Type, arguments: Sequence[Type]) -> None:
        super().__init__("ptr", None)
        self.result, self.arguments = result, arguments


class Operand:
    """A value: its type, and how instructions name it."""

    __slots__ = ("text", "type")

    def __init__(self, kind: Type, text: str) -> None:
        self.type, self.text = kind, text


class Block:
    """Instructions in a row, of which the last goes elsewhere."""

    __slots__ = ("function", "is_terminated", "lines", "name")

    def __init__(self, function: Function, name: str) -> None:
        self.function, self.name = function, name
        self.lines: list[str] = []
        self.is_terminated = False


class Function(Operand):
    """A function: of blocks, or declared alone."""

    __slots__ = ("args", "basic_blocks", "kind", "module", "prefix", "suffix", "values")

    def __init__(self, module: Module, kind: FunctionType, name: str) -> None:
        super().__init__(kind.as_pointer(), f"@{name}")
        self.module, self.kind, self.values = module, kind, 0
        self.prefix = self.suffix = ""
        self.args = [Operand(one, f"%a{place}") for place, one in enumerate(kind.arguments)]
        self.basic_blocks: list[Block] = []
        module.globals[name] = self

    def append_basic_block(self, name: str) -> Block:
        """Return a new block at the end."""
        block = Block(self, f"{name}{len(self.basic_blocks)}")
        self.basic_blocks.append(block)
        return block

    def lines(self) -> Iterator[str]:
        """Write it."""
        given = ", ".join(f"{one.type.text} {one.text}" for one in self.args)
        if not self.basic_blocks:
            yield f"declare {self.kind.result.text} {self.text}({given})"
            return
        yield f"define {self.prefix}{self.kind.result.text} {self.text}({given}) {self.suffix}{{"
        for block in self.basic_blocks:
            yield f"{block.name}:"
            yield from block.lines
        yield "}"


class Module:
    """Functions that are compiled together."""

    def __init__(self, triple: str) -> None:
        self.triple = triple
        self.globals: dict[str, Function] = {}

    def __str__(self) -> str:
        """Write it."""
        lines = [f'target triple = "{self.triple}"']
        for function in self.globals.values():
            lines.extend(function.lines())
        return "\n".join([*lines, '!0 = !{!"branch_weights", i32 1, i32 99}', "!1 = !{}", ""])

    def declare_intrinsic(self, name: str, kind: FunctionType) -> Function:
        """Return a function of LLVM."""
        known = self.globals.get(name)
        return Function(self, kind, name) if known is None else known


def _binary(word: str) -> Callable[[Builder, Operand, Operand], Operand]:
    def made(self: Builder, a: Operand, b: Operand) -> Operand:
        return self.value(a.type, f"{word} {a.type.text} {a.text}, {b.text}")

    return made


def _moved(word: str) -> Callable[[Builder, Operand, Type], Operand]:
    def made(self: Builder, a: Operand, to: Type) -> Operand:
        return self.value(to, f"{word} {a.type.text} {a.text} to {to.text}")

    return made


def _compared(word: str, words: dict[str, str]) -> Callable[[Builder, str, Operand, Operand], Any]:
    def made(self: Builder, operator: str, a: Operand, b: Operand) -> Operand:
        made = f"{word} {words[operator]} {a.type.text} {a.text}, {b.text}"
        return self.value(_BIT, made)

    return made


def _overflowing(name: str) -> Callable[[Builder, Operand, Operand], Operand]:
    def made(self: Builder, a: Operand, b: Operand) -> Operand:
        kind = FunctionType(Type("{i64, i1}"), [a.type, b.type])
        function = self.block.function.module.declare_intrinsic(
            f"llvm.{name}.with.overflow.{a.type.text}", kind
        )
        return self.call(function, [a, b])

    return made


def _words(first: str, equal: Sequence[str]) -> dict[str, str]:
    return dict(
        zip(
            ("<", "<=", ">", ">=", "==", "!="),
            (*(first + word for word in ("lt", "le", "gt", "ge")), *equal),
            strict=True,
        )
    )


_BIT, _WHOLE = Type("i1"), Type("i64")


class Builder:
    """Writes instructions at the end of a block."""

    def __init__(self, block: Block) -> None:
        self.block = block

    def value(self, kind: Type, text: str) -> Operand:
        """Write an instruction that gives a value."""
        function = self.block.function
        function.values += 1
        name = f"%v{function.values}"
        self.block.lines.append(f"{name} = {text}")
        return Operand(kind, name)

    def _last(self, text: str) -> None:
        if not self.block.is_terminated:
            self.block.lines.append(text)
            self.block.is_terminated = True

    add, sub, mul = _binary("add"), _binary("sub"), _binary("mul")
    add_within = _binary("add nsw")  # where it surely has no more than 64 bits
    sdiv, srem, udiv, urem = _binary("sdiv"), _binary("srem"), _binary("udiv"), _binary("urem")
    and_, or_, xor, ashr = _binary("and"), _binary("or"), _binary("xor"), _binary("ashr")
    fadd, fsub, fmul = _binary("fadd"), _binary("fsub"), _binary("fmul")
    fdiv, frem = _binary("fdiv"), _binary("frem")
    zext, trunc, sitofp, fptosi = (
        _moved("zext"),
        _moved("trunc"),
        _moved("sitofp"),
        _moved("fptosi"),
    )
    inttoptr, ptrtoint = _moved("inttoptr"), _moved("ptrtoint")
    icmp_signed = _compared("icmp", _words("s", ("eq", "ne")))
    icmp_unsigned = _compared("icmp", _words("u", ("eq", "ne")))
    fcmp_ordered = _compared("fcmp", {**_words("o", ("oeq", "one")), "ord": "ord"})
    fcmp_unordered = _compared("fcmp", {**_words("u", ("ueq", "une")), "uno": "uno"})
    sadd_with_overflow = _overflowing("sadd")
    ssub_with_overflow = _overflowing("ssub")
    smul_with_overflow = _overflowing("smul")

    def not_(self, a: Operand) -> Operand:
        """Turn each bit."""
        return self.xor(a, a.type(-1))

    def neg(self, a: Operand) -> Operand:
        """Return -a of a whole number."""
        return self.sub(a.type(0), a)

    def fneg(self, a: Operand) -> Operand:
        """Return -a of a float."""
        return self.value(a.type, f"fneg {a.type.text} {a.text}")

    def select(self, condition: Operand, a: Operand, b: Operand) -> Operand:
        """Return the one where a condition holds, else the other."""
        kind = a.type.text
        text = f"select i1 {condition.text}, {kind} {a.text}, {kind} {b.text}"
        return self.value(a.type, text)

    def extract_value(self, pair: Operand, place: int) -> Operand:
        """Return a part of what an overflowing operation gives."""
        kind = _BIT if place else _WHOLE
        return self.value(kind, f"extractvalue {pair.type.text} {pair.text}, {place}")

    def alloca(self, kind: Type, size: int | None = None) -> Operand:
        """Return a place on the stack."""
        many = "" if size is None else f", i32 {size}"
        return self.value(kind.as_pointer(), f"alloca {kind.text}{many}")

    def load(self, pointer: Operand, *, is_fixed: bool = False) -> Operand:
        """Load what stands at an address; what is fixed is the same in the whole run."""
        kind: Type = pointer.type.pointee
        fixed = ", !invariant.load !1" if is_fixed else ""
        return self.value(kind, f"load {kind.text}, ptr {pointer.text}{fixed}")

    def store(self, a: Operand, pointer: Operand) -> None:
        """Write to an address."""
        self.block.lines.append(f"store {a.type.text} {a.text}, ptr {pointer.text}")

    def call(self, function: Operand, given: Sequence[Operand]) -> Operand:
        """Call a function, by its name or address."""
        kind: FunctionType = function.type.pointee
        arguments = ", ".join(f"{one.type.text} {one.text}" for one in given)
        return self.value(kind.result, f"call {kind.result.text} {function.text}({arguments})")

    # Branches.

    def append_basic_block(self, name: str) -> Block:
        """Return a new block of the same function."""
        return self.block.function.append_basic_block(name)

    def position_at_end(self, block: Block) -> None:
        """Go on in another block."""
        self.block = block

    def branch(self, to: Block) -> None:
        """Go to a block."""
        self._last(f"br label %{to.name}")

    def cbranch(self, condition: Operand, then: Block, otherwise: Block, hint: str = "") -> None:
        """Go to the one where a condition holds, else to the other."""
        self._last(f"br i1 {condition.text}, label %{then.name}, label %{otherwise.name}{hint}")

    def ret(self, a: Operand) -> None:
        """Return a value."""
        self._last(f"ret {a.type.text} {a.text}")

    def unreachable(self) -> None:
        """End a block that is never reached."""
        self._last("unreachable")

    @contextlib.contextmanager
    def if_then(self, condition: Operand, *, likely: bool = True) -> Iterator[None]:
        """Write what is done where a condition holds."""
        then, after = self.append_basic_block("then"), self.append_basic_block("after")
        self.cbranch(condition, then, after, "" if likely else ", !prof !0")
        self.block = then
        yield
        self.branch(after)
        self.block = after

    @contextlib.contextmanager
    def if_else(
        self, condition: Operand, *, likely: bool = True
    ) -> Iterator[tuple[AbstractContextManager[None], AbstractContextManager[None]]]:
        """Write what is done where a condition holds, and else."""
        names = ("then", "otherwise", "after")
        then, otherwise, after = (self.append_basic_block(name) for name in names)
        self.cbranch(condition, then, otherwise, "" if likely else ", !prof !0")
        yield self._inside(then, after), self._inside(otherwise, after)
        self.block = after

    @contextlib.contextmanager
    def _inside(self, block: Block, after: Block) -> Iterator[None]:
        self.block = block
        yield
        self.branch(after)
