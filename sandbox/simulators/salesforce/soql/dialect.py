"""SOQL text to a syntax tree.

SOQL differs from SQL in tokens, not in shape: unquoted date-times, `LAST_N_DAYS:30`, backslash escapes. Those
runs of tokens are fused into calls of marker functions, then the ordinary parser takes over.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlglot import Dialect, exp
from sqlglot import tokens as sql_tokens
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

DATE, DATETIME, RANGE, FIELDS = "SOQL_DATE", "SOQL_DATETIME", "SOQL_RANGE", "SOQL_FIELDS"

_ENDS_LITERAL = {TokenType.COMMA, TokenType.R_PAREN, TokenType.L_PAREN}


class SoqlError(Exception):
    """A query the org refuses; `code` is the vendor's error code."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Soql(Dialect):
    """Tokens of SOQL: single quotes only, backslash escapes, no comments."""

    class Tokenizer(sql_tokens.Tokenizer):
        STRING_ESCAPES = ["\\"]
        QUOTES = ["'"]
        COMMENTS = []


_DIALECT = Soql()


def parse(text: str) -> exp.Select:
    """The tree of one SOQL query. Raises SoqlError MALFORMED_QUERY naming the place."""
    try:
        tokens = _fuse(_DIALECT.tokenize(text), text)
        statements = _DIALECT.parser().parse(tokens, text)
    except (ParseError, TokenError) as error:
        raise SoqlError("MALFORMED_QUERY", _first_line(error)) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{text[:20]}'")
    return statements[0]


def _first_line(error: Exception) -> str:
    text = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
    return text.splitlines()[0]


def _fuse(tokens: list[Token], text: str) -> list[Token]:
    fused: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end = index
        if token.token_type is TokenType.NUMBER and _follows(tokens, index, TokenType.DASH):
            end = _run(tokens, index)
            literal = text[token.start : tokens[end].end + 1]
            fused += _call(_temporal(literal), literal, token)
        elif _follows(tokens, index, TokenType.COLON) and not _is_string(token):
            end = _run(tokens, index)
            fused += _call(RANGE, text[token.start : tokens[end].end + 1], token)
        elif _is_fields(tokens, index):
            end = index + 3
            fused += _call(FIELDS, tokens[index + 2].text.upper(), token)
        else:
            fused.append(token)
            if token.token_type is TokenType.DESC and not _says_nulls(tokens, index):
                fused += [_word("NULLS", token, TokenType.VAR), _word("FIRST", token, TokenType.FIRST)]
        index = end + 1
    return fused


def _run(tokens: list[Token], start: int) -> int:
    """Index of the last token that touches the one before it."""
    end = start
    while end + 1 < len(tokens) and tokens[end + 1].start == tokens[end].end + 1:
        if tokens[end + 1].token_type in _ENDS_LITERAL:
            break
        end += 1
    return end


def _follows(tokens: list[Token], index: int, kind: TokenType) -> bool:
    if index + 1 >= len(tokens):
        return False
    following = tokens[index + 1]
    return following.token_type is kind and following.start == tokens[index].end + 1


def _is_string(token: Token) -> bool:
    return token.token_type is TokenType.STRING


def _is_fields(tokens: list[Token], index: int) -> bool:
    window = tokens[index : index + 4]
    return (
        len(window) == 4
        and window[0].text.upper() == "FIELDS"
        and window[1].token_type is TokenType.L_PAREN
        and window[3].token_type is TokenType.R_PAREN
    )


def _says_nulls(tokens: list[Token], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].text.upper() == "NULLS"


def _temporal(literal: str) -> str:
    try:
        if len(literal) == 10:
            date.fromisoformat(literal)
            return DATE
        if datetime.fromisoformat(literal).tzinfo is not None:
            return DATETIME
    except ValueError as error:
        raise SoqlError("MALFORMED_QUERY", f"invalid date or time: {literal}") from error
    raise SoqlError("MALFORMED_QUERY", f"a date-time needs an offset or Z: {literal}")


def _call(function: str, literal: str, at: Token) -> list[Token]:
    return [
        _word(function, at, TokenType.VAR),
        _word("(", at, TokenType.L_PAREN),
        _word(literal, at, TokenType.STRING),
        _word(")", at, TokenType.R_PAREN),
    ]


def _word(text: str, at: Token, kind: TokenType) -> Token:
    return Token(kind, text, line=at.line, col=at.col, start=at.start, end=at.end)
