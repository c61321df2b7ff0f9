"""The teacher (being written)."""


class SymbolicTeacher:
    def __init__(self, slip_rate: float = 0.1) -> None:
        self.slip_rate = slip_rate
