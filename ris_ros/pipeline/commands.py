"""The commands that are being answered."""

from __future__ import annotations

from collections.abc import Collection

from ris_ros.types import Command


class ActiveCommands:
    """Active commands in the order in which they came; belongs to one thread."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}

    @property
    def all(self) -> tuple[Command, ...]:
        """The active commands, oldest first."""
        return tuple(self._commands.values())

    def add(self, command: Command) -> None:
        """Activate a command as the newest; one of the same id makes room for it."""
        self._commands.pop(command.id, None)
        self._commands[command.id] = command

    def clear(self, ids: Collection[str] = ()) -> int:
        """Forget commands.

        Args:
            ids: Which ones; empty for all. Unknown ones do no harm.

        Returns:
            How many were forgotten.
        """
        gone = [id_ for id_ in self._commands if not ids or id_ in ids]
        for id_ in gone:
            del self._commands[id_]
        return len(gone)

    def expire(self, now_ns: int) -> list[Command]:
        """Forget the commands whose time to live is over.

        Args:
            now_ns: Time in the clock of ``Command.uttered_ns``.

        Returns:
            The forgotten ones, oldest first.
        """
        gone = [command for command in self._commands.values() if command.expired(now_ns)]
        for command in gone:
            del self._commands[command.id]
        return gone
