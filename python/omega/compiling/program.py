"""The callbacks of a class as machine code, made once a class and process, and kept on disk.

What is compiled is optimised for the machine at hand, without rules that change a last bit: no
reassociation, no contraction of a product and a sum.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from omega._native import core
from omega.compiling import ir
from omega.compiling.ahead import write_loop
from omega.compiling.code_cache import keep, kept, key_of
from omega.compiling.compiler import Compiler
from omega.compiling.emitter import BYTE, SMALL, WHOLE, Emitter
from omega.compiling.fields import Fields
from omega.compiling.functions import addresses
from omega.compiling.kinds import Kind, Refused, refusal
from omega.compiling.sources import Globals, source_of
from omega.errors import ConfigError
from omega.libraries import refused_as
from omega.strategy.base import Strategy

_LOG = logging.getLogger(__name__)
_MOST_ROUNDS = 50
_MOST_KEPT = 8
ON_BAR = "on_bar"
IDLE = "idle"
"""The code that finds steps at which `on_bar` neither reads the account nor changes anything."""
EVENTS, OF_EVENTS = "events", ("on_fill", "on_exit")
"""The code that is called for each fill, and the callbacks that it is made of."""
_lock = threading.RLock()
_programs: weakref.WeakKeyDictionary[type, list[Program]] = weakref.WeakKeyDictionary()


class Program:
    """The callbacks of a class.

    Attributes:
        fields: What of the strategy they use.
        kinds: By variable and field what it holds.
        addresses: By callback where its code is.
        is_kept: Whether it was on disk.
        read: What `on_bar` reads of the frame.
        remembers: Whether one call of `on_bar` changes what the next one reads.
    """

    def __init__(self, instance: Strategy, callbacks: Mapping[str, FunctionType]) -> None:
        layout = core.foreign_layout()
        self._sizes = {struct: size for struct, size, _ in layout}
        self._layout = {struct: dict(offsets) for struct, _, offsets in layout}
        # Held weakly, as whatever a function sees may hold the class whose program this is.
        self._callbacks = {name: weakref.ref(one) for name, one in callbacks.items()}
        self.kinds: dict[object, Kind] = {}
        self.fields = Fields(instance)
        self.globals = Globals()
        self.read: frozenset[str] = frozenset()
        self.remembers = self._may_be_idle = False
        module = self._written(callbacks)
        self.fields.forget()
        self._engine, self.is_kept = _engine_of(str(module))
        self.addresses = {
            name: self._engine.get_function_address(_symbol(name))
            for name in (*_codes(callbacks), *([IDLE] if self._may_be_idle else ()))
        }

    def _written(self, callbacks: Mapping[str, FunctionType]) -> ir.Module:
        """Write all callbacks, again where a variable turned out to hold more than it seemed."""
        for _ in range(_MOST_ROUNDS):
            module = ir.Module(llvm.get_process_triple())
            is_complete = True
            for name in _codes(callbacks):
                is_complete &= self._write(module, name, callbacks)
            if is_complete:
                return module
        first = next(iter(callbacks.values()))
        raise refusal(source_of(first).place(1), "its variables change their kinds without end")

    def _write(self, module: ir.Module, name: str, callbacks: Mapping[str, FunctionType]) -> bool:
        """Write a function; whether all that it found was known before."""
        is_walked = name == ON_BAR
        body = _function(module, "decide" if is_walked else _symbol(name), 2 + (name == EVENTS))
        emit = Emitter(module, body, self._layout)
        compiler = Compiler(emit, self._sizes, self.fields, self.kinds, self.globals)
        of_events = [callbacks.get(one) for one in OF_EVENTS]
        own = of_events if name == EVENTS else [callbacks[name]]
        place = next(source_of(one).place(1) for one in own if one is not None)
        with refused_as(functools.partial(_failed, place)):
            try:
                if name == EVENTS:
                    compiler.events(*of_events)
                else:
                    compiler.callback(callbacks[name])
            except Refused as refused:  # of the callback as a whole
                raise refusal(place, str(refused)) from None
        emit.finish()
        if is_walked:
            self.read, self.remembers = frozenset(emit.read), emit.remembers
            self._write_loop(module, name, body, self.read)
            self._may_be_idle = compiler.is_complete and not emit.is_never_idle
            if self._may_be_idle:
                self._write_idle(module, callbacks[name])
        return compiler.is_complete

    def _write_loop(
        self, module: ir.Module, name: str, body: ir.Function, read: frozenset[str] | None
    ) -> None:
        """Write a loop around what decides at one step, which is called in it alone."""
        body.prefix, body.suffix = "internal ", "alwaysinline "
        loop = Emitter(module, _function(module, _symbol(name), 3), self._layout)
        write_loop(loop, body, read)
        loop.finish()

    def _write_idle(self, module: ir.Module, callback: FunctionType) -> None:
        """Write `on_bar` once more, to where it reads the account or changes something."""
        pointer = BYTE.as_pointer()
        body = ir.Function(module, ir.FunctionType(SMALL, [pointer, pointer, WHOLE]), "look")
        emit = Emitter(module, body, self._layout, ends_at_account=True)
        Compiler(emit, self._sizes, self.fields, self.kinds, self.globals).callback(callback)
        emit.finish()
        self._write_loop(module, IDLE, body, None)

    def fits(self, instance: Strategy, callbacks: Mapping[str, FunctionType]) -> bool:
        """Return whether it is the program of another strategy of the class."""
        return (
            self._callbacks == {name: weakref.ref(one) for name, one in callbacks.items()}
            and self.globals.are_the_same()
            and self.fields.fits(instance)
        )


def program_of(instance: Strategy, callbacks: Mapping[str, FunctionType]) -> Program:
    """Return the program of a strategy after its `init`, which is made once a class.

    Raises:
        ConfigError: Something in its callbacks cannot be compiled; the line is named.
    """
    with _lock:
        known = _programs.setdefault(type(instance), [])
        for one in known:
            if one.fits(instance, callbacks):
                return one
        began = time.perf_counter()
        made = Program(instance, callbacks)
        took = time.perf_counter() - began
        how = "found" if made.is_kept else "compiled"
        _LOG.info("%s the callbacks of %s in %.2f s", how, type(instance).__name__, took)
        del known[: -_MOST_KEPT + 1]  # a name outside that changes makes another each time
        known.append(made)
        return made


def _failed(place: str, problem: str) -> ConfigError:
    return refusal(place, f"the compiler itself failed, which is its fault ({problem})")


def _codes(callbacks: Mapping[str, FunctionType]) -> list[str]:
    """Return the functions that callbacks make: those of events are one."""
    own = [name for name in callbacks if name not in OF_EVENTS]
    return own if len(own) == len(callbacks) else [*own, EVENTS]


def _function(module: ir.Module, name: str, pointers: int) -> ir.Function:
    return ir.Function(module, ir.FunctionType(SMALL, [BYTE.as_pointer()] * pointers), name)


def _symbol(callback: str) -> str:
    return f"omega_callback_{callback}"


@functools.cache
def _target() -> Any:
    """Make ready what is needed once a process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    known: Sequence[tuple[str, int]] = [*addresses().items(), *core.foreign_functions()]
    for name, address in known:
        llvm.add_symbol(name, address)
    return llvm.Target.from_triple(llvm.get_process_triple())


def _machine() -> Any:
    return _target().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,
        jit=True,
    )


def _engine_of(text: str) -> tuple[Any, bool]:
    """Return the engine of a program, and whether its code was kept on disk.

    The code lives as long as the engine.
    """
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    of_llvm = (llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info)))
    key = key_of([core.VERSION, *of_llvm, llvm.get_process_triple(), *processor, text])
    code = kept(key)
    if code is None:
        return _optimised(text, key), False
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine, True


def _optimised(text: str, key: str) -> Any:
    """Optimise and link a program, and keep its code."""
    machine = _machine()  # the engine's own: it is freed with it
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    made: list[bytes] = []
    engine.set_object_cache(lambda _, code: made.append(code), None)
    engine.finalize_object()
    for code in made:
        keep(key, code)
    return engine
