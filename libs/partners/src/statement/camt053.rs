//! Statements of ISO 20022, `camt.053` (Bank to Customer Statement), any version from 001.02: only
//! booked entries count, in đồng. An entry of several transactions is as many lines.
//!
//! Names are compared without their namespace. A document type declaration is refused, and entities
//! are those of XML only: a file cannot make more of itself than it has.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Line;
use crate::finding::Findings;
use crate::limits::{AMOUNT_MAX, STATEMENT_BYTES_MAX, STATEMENT_LINES_MAX, XML_DEPTH_MAX};
use crate::terms::Vnd;
use crate::time::parse;

/// An element inside an entry or an account.
#[derive(Debug, Default)]
struct Element {
    name: String,
    currency: String,
    text: String,
    children: Vec<Self>,
}

impl Element {
    fn new(start: &BytesStart<'_>) -> Self {
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        let attributes = start.attributes().flatten();
        let mut currencies = attributes.filter(|one| one.key.local_name().as_ref() == b"Ccy");
        let currency = currencies.next();
        let currency = currency.map(|one| String::from_utf8_lossy(&one.value).into_owned());
        Self { name, currency: currency.unwrap_or_default(), ..Self::default() }
    }

    /// The first element at this path.
    fn at(&self, path: &[&str]) -> Option<&Self> {
        let Some((name, rest)) = path.split_first() else { return Some(self) };
        self.children.iter().filter(|one| one.name == *name).find_map(|one| one.at(rest))
    }

    /// The text at the first of these paths that has one.
    fn text(&self, paths: &[&[&str]]) -> String {
        let texts = paths.iter().filter_map(|path| self.at(path));
        let mut texts = texts.map(|one| one.text.trim()).filter(|text| !text.is_empty());
        texts.next().unwrap_or_default().to_owned()
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |one| one.name == name)
    }
}

/// The lines of a statement.
///
/// # Errors
///
/// All findings, with the number of the entry in the file.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Line>, Findings> {
    if file.len() > STATEMENT_BYTES_MAX {
        let (vi, en) = (
            format!("lớn hơn {STATEMENT_BYTES_MAX} byte"),
            format!("has more than {STATEMENT_BYTES_MAX} bytes"),
        );
        return Err(Findings::one("", vi, en));
    }
    let mut reading = Reading::default();
    if let Err(why) = reading.document(file) {
        reading.found.add(
            "",
            format!("không phải camt.053: {why}"),
            format!("is no camt.053: {why}"),
        );
    } else if !reading.has_statement {
        reading.found.add("", "không có phần tử `Stmt`", "has no element `Stmt`");
    }
    reading.found.or(reading.lines)
}

#[derive(Default)]
struct Reading {
    open: Vec<Element>,
    account: String,
    entries: usize,
    has_statement: bool,
    events: BTreeSet<String>,
    lines: Vec<Line>,
    found: Findings,
}

impl Reading {
    fn document(&mut self, file: &[u8]) -> Result<(), String> {
        let mut reader = Reader::from_reader(file);
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    if self.open.len() >= XML_DEPTH_MAX {
                        return Err(format!("more than {XML_DEPTH_MAX} elements are open"));
                    }
                    self.open.push(Element::new(&start));
                }
                Event::Empty(start) => {
                    self.open.push(Element::new(&start));
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    self.add(&text);
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    self.add(&text);
                }
                Event::GeneralRef(name) => {
                    let letter = name.resolve_char_ref().map_err(|error| error.to_string())?;
                    let letter = letter.or(match &*name {
                        b"amp" => Some('&'),
                        b"lt" => Some('<'),
                        b"gt" => Some('>'),
                        b"quot" => Some('"'),
                        b"apos" => Some('\''),
                        _ => None,
                    });
                    let letter = letter.ok_or("an entity is not one of XML")?;
                    self.add(letter.encode_utf8(&mut [0; 4]));
                }
                Event::DocType(_) => return Err("it declares a document type".to_owned()),
                Event::Eof if self.open.is_empty() => return Ok(()),
                Event::Eof => return Err("it ends before its last element".to_owned()),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
            if self.lines.len() > STATEMENT_LINES_MAX {
                return Err(format!("it has more than {STATEMENT_LINES_MAX} transactions"));
            }
        }
    }

    fn add(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Ends the innermost element. It is kept only inside an entry or an account.
    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match &*element.name {
            "Ntry" => self.entry(&element),
            "Stmt" => {
                self.has_statement = true;
                self.account.clear();
            }
            "Acct" if self.open.last().is_some_and(|outer| outer.name == "Stmt") => {
                self.account = element.text(&[&["Id", "IBAN"], &["Id", "Othr", "Id"]]);
            }
            _ => {
                let is_kept = self.open.iter().any(|one| one.name == "Ntry" || one.name == "Acct");
                if let Some(outer) = self.open.last_mut().filter(|_| is_kept) {
                    outer.children.push(element);
                }
            }
        }
    }

    fn entry(&mut self, entry: &Element) {
        self.entries = self.entries.saturating_add(1);
        // In the first versions the status is a code, later an element with one.
        if entry.text(&[&["Sts", "Cd"], &["Sts"]]) != "BOOK" {
            return;
        }
        let total = self.amount(entry.at(&["Amt"]));
        let details: Vec<&Element> =
            entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")).collect();
        if details.len() <= 1 {
            let only = details.first().copied();
            self.line(entry, only, total, 0);
            return;
        }
        let mut sum = 0_i64;
        for (number, detail) in (1..).zip(&details) {
            let amount = detail.at(&["Amt"]).or_else(|| detail.at(&["AmtDtls", "TxAmt", "Amt"]));
            let amount = self.amount(amount);
            sum = sum.saturating_add(amount);
            self.line(entry, Some(detail), amount, number);
        }
        if sum != total {
            let (vi, en) = (
                format!("các giao dịch cộng lại là {sum}, không phải {total}"),
                format!("the transactions sum up to {sum}, not to {total}"),
            );
            self.found.add(format!("/{}/Amt", self.entries), vi, en);
        }
    }

    fn amount(&mut self, element: Option<&Element>) -> i64 {
        let at = format!("/{}/Amt", self.entries);
        let Some(Element { text, currency, .. }) = element else {
            self.found.add(at, "không có", "is missing");
            return 0;
        };
        if currency != "VND" {
            let (vi, en) =
                (format!("tiền `{currency}`"), format!("is in `{currency}`, not in `VND`"));
            self.found.add(&*at, vi, en);
        }
        let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let is_whole = part.bytes().all(|byte| byte == b'0');
        let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
        let amount =
            whole.parse().ok().filter(|amount| digits && is_whole && *amount <= AMOUNT_MAX);
        if amount.is_none() {
            let (vi, en) = (
                format!("`{text}` không phải số tiền nguyên đồng"),
                format!("`{text}` is not an amount in whole đồng"),
            );
            self.found.add(at, vi, en);
        }
        amount.unwrap_or(0)
    }

    /// A line of an entry, or of one of its transactions; `number` is 0 for the only one.
    fn line(&mut self, entry: &Element, detail: Option<&Element>, amount: i64, number: usize) {
        let none = Element::default();
        let detail = detail.unwrap_or(&none);
        let direction = match &*detail.text(&[&["CdtDbtInd"]]) {
            "" => entry.text(&[&["CdtDbtInd"]]),
            own => own.to_owned(),
        };
        let sign = match &*direction {
            "CRDT" => 1,
            "DBIT" => -1,
            other => {
                let at = format!("/{}/CdtDbtInd", self.entries);
                let (vi, en) = (format!("`{other}`"), format!("is `{other}`, not CRDT or DBIT"));
                self.found.add(at, vi, en);
                1
            }
        };
        let own = detail.text(&[&["Refs", "AcctSvcrRef"], &["Refs", "TxId"]]);
        let of_entry = entry.text(&[&["AcctSvcrRef"], &["NtryRef"]]);
        let event = match (own.is_empty(), of_entry.is_empty(), number) {
            (false, _, _) => own,
            (true, false, 0) => of_entry,
            (true, false, number) => format!("{of_entry}:{number}"),
            (true, true, _) => String::new(),
        };
        let at = format!("/{}/AcctSvcrRef", self.entries);
        if event.is_empty() {
            self.found.add(at, "không có", "is missing");
        } else if !self.events.insert(event.clone()) {
            let (vi, en) =
                (format!("`{event}` đã có"), format!("`{event}` is that of another transaction"));
            self.found.add(at, vi, en);
        }
        let mut memo: Vec<String> = detail.all("RmtInf").flat_map(remittance).collect();
        for text in [
            detail.text(&[&["Refs", "EndToEndId"]]),
            detail.text(&[&["AddtlTxInf"]]),
            entry.text(&[&["AddtlNtryInf"]]),
        ] {
            memo.push(text);
        }
        memo.retain(|text| !text.is_empty() && text != "NOTPROVIDED");
        let time = entry.text(&[&["BookgDt", "DtTm"], &["BookgDt", "Dt"], &["ValDt", "Dt"]]);
        let booked_at = time.parse().ok();
        // A time without zone is that of Vietnam.
        let booked_at = booked_at
            .or_else(|| parse(&time, "%Y-%m-%dT%H:%M:%S"))
            .or_else(|| parse(&time, "%Y-%m-%d"));
        if booked_at.is_none() {
            let at = format!("/{}/BookgDt", self.entries);
            let (vi, en) =
                (format!("`{time}` không phải thời điểm"), format!("`{time}` is no time"));
            self.found.add(at, vi, en);
        }
        let is_reversal = matches!(&*entry.text(&[&["RvslInd"]]), "true" | "1");
        let amount = Vnd(amount.saturating_mul(sign));
        let (account, memo) = (self.account.clone(), memo.join(" "));
        let place = u64::try_from(self.entries).unwrap_or(u64::MAX);
        self.lines.push(Line { place, account, event, amount, is_reversal, memo, booked_at });
    }
}

/// The texts of remittance information.
fn remittance(information: &Element) -> Vec<String> {
    let free = information.all("Ustrd").map(|one| one.text.trim().to_owned());
    let structured = information.text(&[&["Strd", "CdtrRefInf", "Ref"]]);
    free.chain([structured]).collect()
}

#[cfg(test)]
mod tests;
