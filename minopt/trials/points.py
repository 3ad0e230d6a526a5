"""The points that trials tried, as the objective received them: for that the space is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minopt.exceptions import InvalidArgument
from minopt.trials.documents import Document, spec_from_misc

Decoder = Callable[[dict[str, Any]], Any]


class TrialsWithPoints:
    """Trials that may know their space: a search tells it, and it is saved with them.

    Attributes
    ----------
    _decoder : callable, optional
        From values by label to the point of the objective; a method of the domain.
    _space : list, optional
        The space as plain data, as it was saved.
    """

    _decoder: Decoder | None = None
    _space: list[Any] | None = None

    def _seen(self) -> list[Document]:
        raise NotImplementedError

    @property
    def best_trial(self) -> Document:
        """The trial with the lowest loss among those of status ``ok``."""
        raise NotImplementedError

    def _decoder_of(self, space: Any, is_plain: bool) -> Decoder:
        raise NotImplementedError

    def set_space(self, space: Any) -> None:
        """Tell trials their space, for `best_params`, `params` and the table of records.

        A search tells it, and pickles and databases of trials keep it if its options are plain
        values. This is for other trials: those of hyperopt and of JSON lines, and those whose
        options are objects or functions.

        Parameters
        ----------
        space : Apply, dict, list or tuple of hp expressions

        Raises
        ------
        BadSearchSpace
            If it is none.
        """
        self._learn(self._decoder_of(space, is_plain=False))

    def _learn(self, decoder: Decoder | None, space: list[Any] | None = None) -> None:
        """Take over a space that is known from now on, and keep it where the trials are kept."""
        self._decoder, self._space = decoder, space

    def _saved_space(self) -> list[Any] | None:
        """Return the space as it was saved with the trials."""
        return self._space

    def _known_decoder(self) -> Decoder | None:
        if self._decoder is None and (space := self._saved_space()) is not None:
            self._decoder = self._decoder_of(space, is_plain=True)
        return self._decoder

    def _space_to_save(self) -> list[Any] | None:
        """Return the space as plain data; None if it is not known, or cannot be that."""
        if self._decoder is None:
            return self._saved_space()
        known: list[Any] | None = getattr(
            getattr(self._decoder, "__self__", None), "plain_space", None
        )
        return known

    @property
    def best_params(self) -> Any:
        """The best point as the objective received it: choices are values, not indices."""
        return self.params_of(self.best_trial)

    @property
    def params(self) -> list[Any]:
        """The point of every trial as the objective received it."""
        return [self.params_of(doc) for doc in self._seen()]

    def params_of(self, trial: Mapping[str, Any]) -> Any:
        """Return the point of a trial as the objective received it.

        Raises
        ------
        InvalidArgument
            If these trials do not know their space, see `set_space`.
        """
        decoder = self._known_decoder()
        if decoder is None:
            raise InvalidArgument(
                "these trials do not know their space: it was not saved with them, or its options "
                "are objects or functions, which are not; give it with trials.set_space(space), "
                "resume the search on them with fmin, or use "
                "space_eval(space, trial['misc']['vals'])"
            )
        return decoder(spec_from_misc(trial["misc"]))
