"""Writes a statement with the PyPI package `camt053`, which checks it against the schema of ISO 20022, and reads it
again; checks and reads the statements of the request as well. The request is JSON on standard input."""

import json
import sys

from camt053 import ParsedDocument, parse_document, serialize_document
from camt053.models import Account, Balance, Entry, Statement, TransactionDetails
from camt053.services import validate_statement


def read(text):
    return [entry.to_dict() for statement in parse_document(text).statements for entry in statement.entries]


wanted = json.load(sys.stdin)
entries = []
for entry in wanted["entries"]:
    details = [TransactionDetails(**one) for one in entry.pop("details")]
    entries.append(Entry(**entry, details=details))
balance = Balance(type_code="CLBD", amount="0", currency="VND", credit_debit_indicator="CRDT", date="2026-11-26")
statement = Statement(
    id="S1",
    electronic_seq_nb="1",
    creation_date_time="2026-11-26T18:00:00",
    account=Account(other_id=wanted["account"], currency="VND"),
    balances=[balance],
    entries=entries,
)
text = serialize_document(ParsedDocument(message_type="camt.053.001.14", statements=[statement]))
checked = [{"valid": validate_statement(one), "read": read(one)} for one in wanted["statements"]]
json.dump({"text": text, "read": read(text), "checked": checked}, sys.stdout, default=str)
