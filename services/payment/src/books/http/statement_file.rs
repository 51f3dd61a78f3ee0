//! Statements as files of banks, by the readers of the partner whose account it is.

use dossier::RefusalEntry;
use dossier::books::limits::{AMOUNT_MAX, EVENT_CHARS_MAX, LINES_MAX, MEMO_CHARS_MAX};
use dossier::books::partner_of;
use dossier::contract::{AgencyCode, LineKind, Personal, StatementLine, Vnd};
use dossier::law::{Finding, Place};
use partners::{Form, Line, Rejected};
use web::Problem;

use crate::books::App;

/// Media types of files, besides JSON.
pub(super) const FILES: &[&str] = &["application/xml", "text/csv"];

pub(super) const NO_READER: RefusalEntry = RefusalEntry {
    status: 422,
    code: "statement-not-readable",
    vi: "không có đối tác nào mô tả tệp sao kê của tài khoản này: gửi các dòng bằng JSON, hoặc bật `statement` \
         trong tệp đối tác",
    en: "no partner describes the statement files of this account; send the lines as JSON, or switch \
         `statement` on in the partner's file",
};
pub(super) const INVALID: RefusalEntry = RefusalEntry {
    status: 422,
    code: "statement-invalid",
    vi: "tệp sao kê có chỗ không đọc được",
    en: "the statement has values that cannot be read",
};

/// The form of a file with this media type; `None` if there is none.
pub(super) fn form(media_type: &str) -> Option<Form> {
    match media_type {
        "text/csv" => Some(Form::Csv),
        "application/xml" | "text/xml" => Some(Form::Camt053),
        _ => None,
    }
}

/// The lines of a file of an account, each with its number in the file.
pub(super) fn read(
    app: &App,
    (agency, account): &(AgencyCode, String),
    form: Form,
    file: &[u8],
) -> Result<Vec<(usize, StatementLine)>, Problem> {
    let (law, now) = (app.engine.law(), app.engine.clock.now());
    let partner = partner_of(&law, agency, account, now);
    let known = app.partners.get(&partner).map(|known| &known.partner);
    let no_reader = || Problem::at(NO_READER, "");
    let partner = known.ok_or_else(no_reader)?;
    let lines = match partner.scheme().lines(partner, form, file) {
        Ok(lines) => lines,
        Err(Rejected::Content(found)) => {
            let found = found
                .0
                .iter()
                .map(|one| finding(form, line_of(&one.pointer), &one.pointer, (&one.vi, &one.en)));
            return Err(Problem::fields(INVALID, found.collect()));
        }
        Err(Rejected::NotOffered(_) | Rejected::Signature(_)) => return Err(no_reader()),
    };
    let of_rules = law.payments(now).and_then(|rules| rules.account_named(agency, account));
    let of_file = partner.accounts.iter().find(|one| one.agency == agency.as_str());
    let number = of_rules.map(|one| &*one.number).or(of_file.map(|one| &*one.number));
    let mut found = Vec::new();
    if lines.len() > LINES_MAX {
        found.push(finding(
            form,
            0,
            "",
            (&format!("nhiều hơn {LINES_MAX} dòng"), &format!("has more than {LINES_MAX} lines")),
        ));
    }
    for line in &lines {
        found.extend(wrong(form, line, number));
    }
    if found.is_empty() {
        let place = |line: &Line| usize::try_from(line.place).unwrap_or(usize::MAX);
        return Ok(lines.into_iter().map(|line| (place(&line), recorded(line))).collect());
    }
    Err(Problem::fields(INVALID, found))
}

/// What cannot be a line of the account with this number.
fn wrong(form: Form, line: &Line, number: Option<&str>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |field: &str, vi: String, en: String| {
        let pointer = format!("/{}/{field}", line.place);
        found.push(finding(form, line.place, &pointer, (&vi, &en)));
    };
    let (account, number) = (&*line.account, number.unwrap_or_default());
    if !account.is_empty() && account != number {
        add(
            "account",
            format!("là của tài khoản `{account}`, không phải `{number}`"),
            format!("is of the account `{account}`, not of `{number}`"),
        );
    }
    if !(1..=AMOUNT_MAX).contains(&line.amount.0.saturating_abs()) {
        add(
            "amount",
            format!("số tiền phải từ 1 đến {AMOUNT_MAX} đồng"),
            format!("the amount must be from 1 to {AMOUNT_MAX} đồng"),
        );
    }
    if line.event.chars().count() > EVENT_CHARS_MAX {
        add(
            "event",
            format!("dài hơn {EVENT_CHARS_MAX} ký tự"),
            format!("has more than {EVENT_CHARS_MAX} characters"),
        );
    }
    if line.booked_at.is_none() {
        add("booked_at", "không có".to_owned(), "is missing".to_owned());
    }
    found
}

/// The line as it is recorded. Of a longer memo, the beginning is kept.
fn recorded(line: Line) -> StatementLine {
    let kind = match (line.amount.0 > 0, line.is_reversal) {
        (true, false) => LineKind::Received,
        (true, true) => LineKind::CameBack,
        (false, true) => LineKind::Reversed,
        (false, false) => LineKind::Refunded,
    };
    let reference = line.reference().map(|reference| reference.to_string());
    let memo: String = line.memo.chars().take(MEMO_CHARS_MAX).collect();
    StatementLine {
        event: line.event.clone(),
        kind,
        amount: Vnd(line.amount.0.saturating_abs()),
        fee: Vnd(0),
        reference,
        transaction: Some(line.event),
        payout: None,
        booked_at: line.booked_at.unwrap_or_default(),
        memo: (!memo.is_empty()).then_some(Personal::Known(memo)),
    }
}

/// The number of the line or entry at the beginning of a reader's pointer; 0 if it has none.
fn line_of(pointer: &str) -> u64 {
    let first = pointer.split('/').nth(1);
    first.and_then(|first| first.parse().ok()).unwrap_or(0)
}

/// A finding at a line, with the number of the line if the file has lines.
fn finding(form: Form, line: u64, pointer: &str, (vi, en): (&str, &str)) -> Finding {
    let pointer = if pointer.is_empty() { String::new() } else { format!("/lines{pointer}") };
    let mut finding = Finding::new(pointer, vi, en);
    if form == Form::Csv
        && line > 0
        && let Ok(line) = usize::try_from(line)
    {
        finding.place = Some(Place { line, column: 1 });
    }
    finding
}
