//! Tests comments and documents against `docs/style.md`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::generate::root;
use crate::tidy::sources;

const COLUMNS_MAX: usize = 100;

/// Folders and files whose comments follow the style guide. Add new ones once theirs do.
const CLEAN: &[&str] = &[
    "cluster/src",
    "libs/calendar",
    "libs/dossier/src",
    "libs/dossier-client",
    "libs/events/src",
    "libs/eventstoredb-double/src",
    "libs/documents/src",
    "libs/engine/src",
    "libs/outbox/src",
    "libs/papers/src",
    "libs/partners/src",
    "libs/platform/src",
    "libs/web/src",
    "loadtest/src",
    "services/feedback/src",
    "services/exchange/src",
    "services/intake/src",
    "services/payment/src",
    "services/register/src",
    "services/delivery/src",
    "services/review/src",
    "program/src",
    "program/tests/it/support.rs",
    "simulation/src",
    "tasks/src",
    "xtask/src",
];
/// Exceptions within these folders.
const EXCEPT: &[&str] = &[
    "libs/dossier-client/src/operations.rs",
    "libs/dossier-client/src/types.rs",
    "program/src/serve/health/ready.rs",
];

fn is_clean(path: &Path) -> bool {
    let is_in = |list: &[&str]| list.iter().any(|place| path.starts_with(place));
    is_in(CLEAN) && !is_in(EXCEPT)
}

/// The text after `//`, `///` or `//!`.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.strip_prefix(['/', '!']).unwrap_or(text).trim())
}

#[test]
fn comments_have_at_most_100_columns() {
    for (path, text) in sources().iter().filter(|(path, _)| is_clean(path)) {
        for (number, line) in (1..).zip(text.lines()) {
            let long = comment(line).is_some() && line.chars().count() > COLUMNS_MAX;
            assert!(!long, "{}:{number} is longer than {COLUMNS_MAX} columns", path.display());
        }
    }
}

/// "The stream." above `stream: String` is no information. Constants are exempt, because their
/// documentation gives the unit.
#[test]
fn documentation_says_more_than_the_name() {
    let mut stubs = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| is_clean(path)) {
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        let is_doc = |line: Option<&&str>| line.is_some_and(|line| line.starts_with("///"));
        for (index, line) in lines.iter().enumerate() {
            let Some(doc) = line.strip_prefix("/// ") else { continue };
            let above = index.checked_sub(1).and_then(|above| lines.get(above));
            let alone = !is_doc(above) && !is_doc(lines.get(index + 1));
            let below = lines[index + 1..].iter().find(|line| !line.starts_with("#["));
            if alone && below.is_some_and(|code| repeats(doc, code)) {
                stubs.push(format!("{}:{}: {doc}", path.display(), index + 1));
            }
        }
    }
    assert!(stubs.is_empty(), "these repeat the name:\n{}", stubs.join("\n"));
}

/// Whether each word of a sentence is a part of the name that a line of code declares.
fn repeats(doc: &str, code: &str) -> bool {
    let keywords = ["pub", "crate", "super", "async", "fn", "struct", "enum", "type", "trait"];
    let mut idents = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let Some(name) = idents.find(|word| !word.is_empty() && !keywords.contains(word)) else {
        return false;
    };
    let name = name.to_lowercase().replace('_', "");
    let small = ["a", "an", "the", "its", "of", "this"];
    let words = doc.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
    let mut words = words.filter(|word| !word.is_empty() && !small.contains(&&**word)).peekable();
    name != "const"
        && words.peek().is_some()
        && words.all(|word| name.contains(word.trim_end_matches('s')))
}

#[test]
fn a_sentence_that_repeats_a_name_is_found() {
    assert!(repeats("The streams.", "pub stream: String,"));
    assert!(repeats("A relay of this.", "pub(super) struct Relaying {"));
    assert!(repeats("Dead letters.", "pub async fn dead_letters(&self) {"));
    assert!(!repeats("Bytes of a token.", "pub const TOKEN_BYTES_MAX: usize = 1;"));
    assert!(!repeats("Dead letters of all services.", "pub fn dead_letters() {"));
    assert!(!repeats("The agency's code.", "Agency,"));
}

/// Replaces rustc's `missing_docs`, which requires documentation of every field and variant too.
#[test]
fn public_items_of_libraries_are_documented() {
    let items = ["fn ", "const fn ", "async fn ", "struct ", "enum ", "trait ", "type ", "const "];
    for (path, text) in sources() {
        if !path.starts_with("libs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(item) = line.strip_prefix("pub ") else { continue };
            let is_item = items.iter().any(|kind| item.starts_with(kind));
            // In a macro, the documentation comes from its caller.
            if !is_item || item.contains('$') {
                continue;
            }
            // Between the documentation and the item are only attributes, some of several lines.
            let above = lines[..number].iter().rev().find(|line| {
                line.starts_with("///") || line.is_empty() || line.ends_with(['{', '}', ';'])
            });
            let documented = above.is_some_and(|line| line.starts_with("///"));
            assert!(documented, "{}:{} has no documentation: {line}", path.display(), number + 1);
        }
    }
}

#[test]
fn every_decision_record_has_a_status_and_a_date() {
    let mut records = 0;
    for entry in std::fs::read_dir(root().join("docs/adr")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let status = text.lines().nth(2).unwrap();
        let date = status.strip_prefix("Status: accepted, ").and_then(|rest| rest.get(..10));
        let is_date = |date: &str| {
            let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            let parts: Vec<&str> = date.split('-').collect();
            parts.len() == 3 && parts[0].len() == 4 && parts.iter().all(|part| digits(part))
        };
        assert!(date.is_some_and(is_date), "{}: {status}", path.display());
        records += 1;
    }
    assert!(records >= 16, "{records}");
}

/// A term is defined in one place: technical ones in the style guide, legal ones in the glossary.
#[test]
fn style_guide_and_glossary_do_not_overlap() {
    let read = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let (style, glossary) = (read("style.md"), read("glossary.md"));
    let rows = |text: &str, column: usize| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
        rows.filter_map(|row| row.split(" | ").nth(column)).map(str::to_owned).collect()
    };
    let technical: BTreeSet<String> = rows(&style, 0)
        .iter()
        .flat_map(|cell| cell.split("**").skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    assert!(technical.len() >= 40, "{technical:?}");
    for cell in rows(&glossary, 1) {
        for term in cell.trim_end_matches(" |").split([',', ';', ':', '(']) {
            assert!(!technical.contains(term.trim()), "{term} is in both");
        }
    }
}
