"""What a field is: the facts that describe, validation and the query compiler share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SQLITE_TYPES = {"boolean": "integer", "int": "integer"}
NUMERIC_TYPES = frozenset({"currency", "percent", "double", "int"})
TEXT_TYPES = frozenset({"string", "textarea", "picklist", "email", "url", "phone"})
ID_TYPES = frozenset({"id", "reference"})


@dataclass(frozen=True, kw_only=True)
class SField:
    """One field of an object as describe shows it."""

    name: str
    type: str
    length: int = 0  # characters; 0 when the type has none
    required: bool = False  # must be given at creation and never cleared
    writable: bool = True
    external_id: bool = False
    unique: bool = False
    picklist: tuple[str, ...] = ()
    restricted: bool = False  # other picklist values are refused
    target: str | None = None  # object a reference points to
    scale: int = 2

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """Name under which queries reach the referred record."""
        if self.type != "reference":
            return None
        return self.name[:-1] + "r" if self.custom else self.name.removesuffix("Id")

    def describe(self) -> dict[str, Any]:
        """The entry of this field in a describe answer."""
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": self.length,
            "scale": self.scale if self.type in {"currency", "percent", "double"} else 0,
            "custom": self.custom,
            "externalId": self.external_id,
            "unique": self.unique,
            "idLookup": self.type == "id" or self.external_id,
            "nillable": not self.required and self.type not in {"id", "boolean"},
            "createable": self.writable,
            "updateable": self.writable,
            "calculated": False,
            "compoundFieldName": None,
            "referenceTo": [self.target] if self.target else [],
            "relationshipName": self.relationship,
            "restrictedPicklist": self.restricted,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
                for value in self.picklist
            ],
        }


@dataclass(frozen=True, kw_only=True)
class SObject:
    """One object: its fields in describe order and what may be done with it."""

    name: str
    prefix: str
    fields: dict[str, SField] = field(default_factory=dict)
    createable: bool = True
    updateable: bool = True
    deletable: bool = True

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def find(self, name: str) -> SField | None:
        """The field of that name, whatever its case."""
        return self.fields.get(name) or next(
            (known for known in self.fields.values() if known.name.lower() == name.lower()), None
        )

    def by_relationship(self, name: str) -> SField | None:
        """The reference field behind `Account` in `Account.Name`."""
        return next(
            (known for known in self.fields.values() if (known.relationship or "").lower() == name.lower()),
            None,
        )

    def describe(self) -> dict[str, Any]:
        """The describe answer of this object."""
        return {**self.summary(), "fields": [known.describe() for known in self.fields.values()]}

    def summary(self) -> dict[str, Any]:
        """The entry of this object in the global describe."""
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "keyPrefix": self.prefix,
            "custom": self.custom,
            "createable": self.createable,
            "updateable": self.updateable,
            "deletable": self.deletable,
            "queryable": True,
            "replicateable": True,
            "retrieveable": True,
            "searchable": True,
            "recordTypeInfos": [],
            "childRelationships": [],
        }
