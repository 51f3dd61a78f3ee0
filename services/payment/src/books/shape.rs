//! The tables of the view of the books. They have no texts of transfers and no reasons.

use engine::view::Shape;

/// `payment` of a line is the attempt that it is about, as far as one is known. An attempt with
/// `ordered` is a whole payment order of this sum, and its movements are the parts. `difference` is
/// absent for what is matched. A movement of an account without any statement has no difference
/// that counts, see `accounts`. `names` has other names of the money of an attempt than those of
/// its movements; `dossiers` has the present sums of each dossier.
pub(super) const SHAPE: Shape = Shape {
    name: "payment-books",
    version: 5,
    tables: "
CREATE TABLE accounts (
  agency    TEXT NOT NULL,
  account   TEXT NOT NULL,
  first_day TEXT NOT NULL,
  PRIMARY KEY (agency, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
  payment   TEXT PRIMARY KEY,
  position  INTEGER NOT NULL,
  agency    TEXT NOT NULL,
  account   TEXT NOT NULL,
  dossier   TEXT NOT NULL,
  code      TEXT NOT NULL,
  applicant TEXT NOT NULL,
  acted     TEXT NOT NULL,
  reference TEXT NOT NULL,
  short     TEXT NOT NULL,
  ordered   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_order ON attempts (ordered) WHERE ordered IS NOT NULL;
CREATE INDEX attempts_by_reference ON attempts (reference);
CREATE INDEX attempts_by_short_reference ON attempts (short);
CREATE TABLE movements (
  id        TEXT PRIMARY KEY,
  position  INTEGER NOT NULL,
  agency    TEXT NOT NULL,
  account   TEXT NOT NULL,
  day       TEXT NOT NULL,
  payment   TEXT NOT NULL,
  dossier   TEXT NOT NULL,
  code      TEXT NOT NULL,
  applicant TEXT NOT NULL,
  acted     TEXT NOT NULL,
  moved     TEXT NOT NULL,
  amount    INTEGER NOT NULL,
  number    TEXT,
  event     TEXT,
  receipted INTEGER NOT NULL DEFAULT 0,
  at        INTEGER NOT NULL,
  due_at    INTEGER NOT NULL,
  paid_at   INTEGER NOT NULL,
  other     INTEGER,
  difference TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX movements_by_day ON movements (agency, account, day);
CREATE INDEX movements_by_payment ON movements (payment);
CREATE INDEX movements_by_dossier ON movements (dossier, position);
CREATE INDEX movements_by_number ON movements (agency, account, number);
CREATE INDEX movements_by_event ON movements (agency, account, event);
CREATE INDEX movements_by_amount ON movements (agency, account, amount, paid_at);
CREATE INDEX movements_that_differ ON movements (agency, at, id) WHERE difference IS NOT NULL;
CREATE TABLE names (
  agency  TEXT NOT NULL,
  account TEXT NOT NULL,
  name    TEXT NOT NULL,
  payment TEXT NOT NULL,
  by_hand INTEGER NOT NULL,
  PRIMARY KEY (agency, account, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE dossiers (
  dossier    TEXT PRIMARY KEY,
  total      INTEGER NOT NULL,
  settled_at INTEGER,
  received   INTEGER NOT NULL,
  refunded   INTEGER NOT NULL,
  receipted  INTEGER NOT NULL,
  owed_back  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE lines (
  agency    TEXT NOT NULL,
  account   TEXT NOT NULL,
  event     TEXT NOT NULL,
  day       TEXT NOT NULL,
  kind      TEXT NOT NULL,
  amount    INTEGER NOT NULL,
  fee       INTEGER NOT NULL,
  reference TEXT,
  number    TEXT,
  payout    TEXT,
  at        INTEGER NOT NULL,
  due_at    INTEGER NOT NULL,
  payment   TEXT,
  dossier   TEXT,
  code      TEXT,
  applicant TEXT NOT NULL DEFAULT '',
  acted     TEXT NOT NULL DEFAULT '[]',
  other     INTEGER,
  difference TEXT,
  PRIMARY KEY (agency, account, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX lines_by_day ON lines (agency, account, day);
CREATE INDEX lines_by_payment ON lines (payment) WHERE payment IS NOT NULL;
CREATE INDEX lines_by_reference ON lines (agency, account, reference);
CREATE INDEX lines_by_number ON lines (agency, account, number);
CREATE INDEX lines_by_amount ON lines (amount, at) WHERE kind = 'received';
CREATE INDEX lines_by_event ON lines (event);
CREATE INDEX lines_by_payout ON lines (payout) WHERE payout IS NOT NULL;
CREATE INDEX lines_that_differ ON lines (agency, at, event) WHERE difference IS NOT NULL;
CREATE TABLE books (
  id      TEXT PRIMARY KEY,
  agency  TEXT NOT NULL,
  account TEXT NOT NULL,
  day     TEXT NOT NULL,
  stage   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX books_by_day ON books (day, agency, account);
CREATE TABLE accepted (
  agency  TEXT NOT NULL,
  account TEXT NOT NULL,
  key     TEXT NOT NULL,
  PRIMARY KEY (agency, account, key)
) STRICT, WITHOUT ROWID;",
};
