//! Checks of a form by our own schema keywords: `x-code-list`, and `x-not-before` and `x-not-after`
//! with the value `filing`, for a day that cannot be before or after the day of filing. They apply
//! wherever a schema does: in objects and lists, through references and combined schemas. Of
//! alternatives (`anyOf`, `oneOf`), only those count to which the value may belong; the value is
//! valid if one of them reports no fault.

use std::cell::{Cell, RefCell};

use calendar::Text;
use jiff::civil::Date;
use serde_json::Value;

use super::FINDINGS_MAX;
use super::alternatives::{Choice, referred};
use super::codes::{CodeFault, CodeList, Coded, Ended, KEYWORD, Succeeded, reference};
use crate::clock::words;

/// Maximum depth of schemas and values: more than an accepted body, with references and combined
/// schemas, can have.
const DEPTH_MAX: usize = 200;
/// Maximum number of schemas visited for one form: several for each value of the longest form.
const SCHEMAS_MAX: usize = 500_000;

/// Our own keywords.
pub(super) const OURS: [&str; 3] = [KEYWORD, NOT_BEFORE, NOT_AFTER];
/// Keywords that contain a schema for each name.
pub(super) const NAMED: [&str; 4] = ["properties", "dependentSchemas", "$defs", "definitions"];
/// Keywords that contain a list of schemas.
pub(super) const LISTED: [&str; 4] = ["prefixItems", "allOf", "anyOf", "oneOf"];
/// Keywords that contain one schema.
pub(super) const SINGLE: [&str; 4] = ["additionalProperties", "items", "then", "else"];

/// The result of the check on date `on` of a form of a dossier filed on date `filed`; `list` finds
/// a list by its name.
pub(super) fn coded<'a>(
    schema: &Value,
    form: &Value,
    (on, filed): (Date, Date),
    list: &dyn Fn(&str) -> Option<&'a CodeList>,
) -> Coded {
    let (left, cut) = (Cell::new(SCHEMAS_MAX), RefCell::default());
    let reading = Reading { root: schema, on, filed, list, left, cut };
    let mut coded = reading.read(schema, form, "", DEPTH_MAX);
    coded.succeeded.dedup();
    // A form that was not checked completely is refused.
    if let Some(field) = reading.cut.take() {
        let reason = Text::new(
            "tờ khai lồng quá sâu hoặc có quá nhiều giá trị: không kiểm tra được các mã và ngày từ đây",
            "the form is nested too deeply, or has too many values: its codes and days cannot be checked from here on",
        );
        coded.faults.insert(0, CodeFault { field, reason });
    }
    coded
}

struct Reading<'r, 'a> {
    root: &'r Value,
    on: Date,
    filed: Date,
    list: &'r dyn Fn(&str) -> Option<&'a CodeList>,
    left: Cell<usize>,
    /// The first place that was not checked because a limit was reached.
    cut: RefCell<Option<String>>,
}

impl Coded {
    /// Merges two results. Two schemas may report the same fault for one field.
    fn add(&mut self, other: Self) {
        for fault in other.faults {
            if self.faults.len() < FINDINGS_MAX && !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
        self.succeeded.extend(other.succeeded);
    }
}

impl Reading<'_, '_> {
    fn read(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Coded {
        let mut all = Coded::default();
        let Some(depth) = self.deeper(depth) else {
            self.cut.borrow_mut().get_or_insert_with(|| at.to_owned());
            return all;
        };
        if let Value::String(text) = value {
            all.add(self.of_lists(schema, text, at));
            all.faults.extend(self.of_days(schema, text, at));
        }
        let referred = referred(self.root, schema).into_iter();
        for same in referred.chain(each(schema, "allOf")) {
            all.add(self.read(same, value, at, depth));
        }
        for alternatives in ["anyOf", "oneOf"] {
            all.add(self.one_of(each(schema, alternatives), value, at, depth));
        }
        if let Some(condition) = schema.get("if") {
            let branch = if self.admits(condition, value, depth) { "then" } else { "else" };
            if let Some(branch) = schema.get(branch) {
                all.add(self.read(branch, value, at, depth));
            }
        }
        match value {
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    let own = schema.get("prefixItems").and_then(|first| first.get(place));
                    if let Some(own) = own.or_else(|| schema.get("items")) {
                        all.add(self.read(own, item, &format!("{at}/{place}"), depth));
                    }
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let dependent = schema.get("dependentSchemas").and_then(|all| all.get(name));
                    if let Some(dependent) = dependent {
                        all.add(self.read(dependent, value, at, depth));
                    }
                    let own = schema.get("properties").and_then(|known| known.get(name));
                    let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if let Some(own) = own.or_else(|| schema.get("additionalProperties")) {
                        all.add(self.read(own, field, &place, depth));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        all
    }

    fn deeper(&self, depth: usize) -> Option<usize> {
        self.left.set(self.left.get().checked_sub(1)?);
        depth.checked_sub(1)
    }

    fn one_of<'s>(
        &self,
        alternatives: impl Iterator<Item = &'s Value>,
        value: &Value,
        at: &str,
        depth: usize,
    ) -> Coded {
        let meant = alternatives.filter(|schema| self.admits(schema, value, depth));
        let mut said = meant.map(|schema| self.read(schema, value, at, depth));
        let Some(first) = said.next() else { return Coded::default() };
        if first.faults.is_empty() {
            return first;
        }
        said.find(|other| other.faults.is_empty()).unwrap_or(first)
    }

    fn admits(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let deeper = |depth| self.deeper(depth);
        Choice { root: self.root, deeper: &deeper }.admits(schema, value, depth)
    }

    fn of_lists(&self, schema: &Value, code: &str, at: &str) -> Coded {
        let mut coded = Coded::default();
        let Some(reference) = schema.get(KEYWORD).and_then(reference) else { return coded };
        let field = at.to_owned();
        let mut fault = |reason| coded.faults.push(CodeFault { field: field.clone(), reason });
        let Some(list) = (self.list)(&reference.list) else {
            let name = &reference.list;
            fault(Text::new(
                format!("chưa nạp danh mục `{name}`"),
                format!("the list `{name}` is not loaded"),
            ));
            return coded;
        };
        if list.format.is_some_and(|format| !format.fits(code)) {
            fault(Text::new(
                "không phải mã theo định dạng này: sai một chữ số",
                "not a code of this format: a digit is wrong",
            ));
            return coded;
        }
        if list.on(code, self.on).is_some() || !list.closed {
            return coded;
        }
        match (list.successor(code, self.on), reference.ended) {
            (Some(successor), Ended::Accepted) => {
                let (code, successor) = (code.to_owned(), successor.to_owned());
                coded.succeeded.push(Succeeded { field, code, successor });
            }
            (Some(successor), Ended::Refused) => fault(Text::new(
                format!("mã này đã hết hiệu lực, nay là `{successor}`"),
                format!("this code has ended, use `{successor}`"),
            )),
            (None, _) => {
                let (list, Text { vi, en }) = (&list.id, words::day(self.on));
                fault(Text::new(
                    format!("không có trong danh mục `{list}` vào ngày {vi}"),
                    format!("not on the list `{list}` on {en}"),
                ));
            }
        }
        coded
    }

    fn of_days(&self, schema: &Value, text: &str, at: &str) -> Option<CodeFault> {
        let asks = |keyword| schema.get(keyword).is_some_and(|value| *value == FILING);
        let (not_before, not_after) = (asks(NOT_BEFORE), asks(NOT_AFTER));
        let day: Date = text.parse().ok().filter(|_| not_before || not_after)?;
        let (Text { vi: day_vi, en: day_en }, Text { vi, en }) =
            (words::day(day), words::day(self.filed));
        let reason = if not_before && day < self.filed {
            Text::new(
                format!("ngày {day_vi} ở trước ngày nộp hồ sơ {vi}"),
                format!("{day_en} is before {en}, when the dossier was filed"),
            )
        } else if not_after && day > self.filed {
            Text::new(
                format!("ngày {day_vi} ở sau ngày nộp hồ sơ {vi}"),
                format!("{day_en} is after {en}, when the dossier was filed"),
            )
        } else {
            return None;
        };
        Some(CodeFault { field: at.to_owned(), reason })
    }
}

/// Keyword for a day that cannot be before another one.
pub(super) const NOT_BEFORE: &str = "x-not-before";
/// Keyword for a day that cannot be after another one.
pub(super) const NOT_AFTER: &str = "x-not-after";
/// The only value of these two keywords: the day of filing.
pub(super) const FILING: &str = "filing";

/// The elements of a keyword that contains a list.
pub(super) fn each<'s>(schema: &'s Value, keyword: &str) -> impl Iterator<Item = &'s Value> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn list(id: &str, code: &str) -> CodeList {
        let entry = format!(
            "{{ code: {code}, name: {{ vi: A, en: A }}, effective: {{ from: 2020-01-01 }} }}"
        );
        let text = format!("{{ id: {id}, version: 1, legal_basis: a test, entries: [{entry}] }}");
        serde_yaml_ng::from_str(&text).unwrap()
    }

    /// The pointers to the invalid fields of a form: `good` is the only code of the list `one`,
    /// `other` that of `two`.
    fn wrong(schema: &Value, form: &Value) -> Vec<String> {
        let (one, two) = (list("one", "good"), list("two", "other"));
        let day = date(2026, 11, 20);
        let find = |id: &str| [&one, &two].into_iter().find(|list| list.id == id);
        coded(schema, form, (day, day), &find).faults.into_iter().map(|f| f.field).collect()
    }

    #[test]
    fn codes_are_found_through_every_path_of_a_schema() {
        let code = json!({ "x-code-list": "one" });
        let schema = json!({
            "$defs": { "code": code, "goods": { "properties": { "origin": { "$ref": "#/$defs/code" } } } },
            "properties": {
                "lines": { "items": { "properties": { "parts": { "items": { "$ref": "#/$defs/goods" } } } } },
                "pair": { "prefixItems": [{}, code], "items": code },
                "all": { "allOf": [{ "type": "string" }, { "allOf": [code] }] },
                "any": { "anyOf": [{ "type": "null" }, code] },
                "tree": { "properties": { "next": { "$ref": "#/properties/tree" }, "code": code } },
                "a/b": { "additionalProperties": code },
            },
            "dependentSchemas": { "all": { "properties": { "late": code } } },
        });
        let form = json!({
            "lines": [{ "parts": [{ "origin": "good" }, { "origin": "bad" }] }],
            "pair": ["bad", "bad", "bad"],
            "all": "bad", "any": "bad", "late": "bad",
            "tree": { "next": { "next": { "code": "bad" }, "code": "good" } },
            "a/b": { "x": "bad" },
        });
        let mut found = wrong(&schema, &form);
        found.sort();
        assert_eq!(
            found,
            [
                "/all",
                "/any",
                "/a~1b/x",
                "/late",
                "/lines/0/parts/1/origin",
                "/pair/1",
                "/pair/2",
                "/tree/next/next/code"
            ]
        );
        assert_eq!(wrong(&schema, &json!({ "any": null, "all": "good" })), [""; 0]);
    }

    #[test]
    fn of_alternatives_those_count_that_a_value_may_be_meant_by() {
        let kind = |kind: &str, list: &str| json!({ "properties": { "kind": { "const": kind }, "code": { "x-code-list": list } } });
        let by_kind = json!({ "oneOf": [kind("first", "one"), kind("second", "two")] });
        for (kind, code, right) in [
            ("first", "good", true),
            ("first", "other", false),
            ("second", "other", true),
            ("second", "good", false),
        ] {
            let found = wrong(&by_kind, &json!({ "kind": kind, "code": code }));
            assert_eq!(found.is_empty(), right, "{kind} {code}");
        }
        let either = json!({ "anyOf": [{ "x-code-list": "one" }, { "x-code-list": "two" }] });
        for (code, right) in [("good", true), ("other", true), ("bad", false)] {
            assert_eq!(wrong(&either, &json!(code)).is_empty(), right, "{code}");
        }
        let conditional = json!({
            "if": { "properties": { "kind": { "const": "first" } }, "required": ["kind"] },
            "then": { "properties": { "code": { "x-code-list": "one" } } },
            "else": { "properties": { "code": { "x-code-list": "two" } } },
        });
        assert_eq!(wrong(&conditional, &json!({ "kind": "first", "code": "good" })), [""; 0]);
        assert_eq!(wrong(&conditional, &json!({ "code": "good" })), ["/code"]);
    }

    #[test]
    fn a_schema_that_leads_back_to_itself_in_many_ways_comes_to_an_end() {
        let again = json!({ "$ref": "#/$defs/a" });
        let schema = json!({
            "$ref": "#/$defs/a",
            "$defs": { "a": { "anyOf": [again, again, again], "allOf": [again, again] } },
        });
        assert_eq!(wrong(&schema, &json!("x")), [""], "and nothing is taken unseen");
    }

    #[test]
    fn a_form_that_is_too_deep_or_too_long_to_be_looked_through_is_not_taken_unseen() {
        let code = json!({ "x-code-list": "one" });
        let schema = json!({
            "$defs": { "part": { "properties": { "code": code, "part": { "$ref": "#/$defs/part" } } } },
            "properties": { "tree": { "$ref": "#/$defs/part" }, "all": { "items": code } },
        });
        let tree = |levels: usize| {
            let last = json!({ "code": "bad" });
            json!({ "tree": (0..levels).fold(last, |part, _| json!({ "part": part, "code": "good" })) })
        };
        // The maximum depth of a body.
        let deep = wrong(&schema, &tree(30));
        assert_eq!(deep, [format!("/tree{}/code", "/part".repeat(30))]);
        assert_eq!(wrong(&schema, &tree(120)).len(), 1, "a place, or the code itself");
        let mut many = vec!["good"; SCHEMAS_MAX];
        many.push("bad");
        let found = wrong(&schema, &json!({ "all": many }));
        assert!(matches!(&found[..], [cut] if cut.starts_with("/all/4999")), "{found:?}");
    }

    #[test]
    fn no_more_is_said_of_a_form_than_anybody_reads_and_nothing_twice() {
        let code = json!({ "x-code-list": "one" });
        let schema =
            json!({ "items": { "allOf": [code, { "allOf": [{ "type": "string" }, code] }] } });
        let found = wrong(&schema, &json!(vec!["bad"; 10_000]));
        let first: Vec<String> = (0..FINDINGS_MAX).map(|place| format!("/{place}")).collect();
        assert_eq!(found, first);
    }

    #[test]
    fn a_code_that_has_ended_is_told_also_where_it_is_one_of_several_alternatives() {
        let entry = |code: &str, more: &str| {
            format!(
                "{{ code: {code}, name: {{ vi: A, en: A }}, effective: {{ from: 2020-01-01{more} }}"
            )
        };
        let (old, new) =
            (entry("old", ", to: 2025-06-30") + ", successor: new }", entry("new", "") + " }");
        let text = format!("{{ id: l, version: 1, legal_basis: a test, entries: [{old}, {new}] }}");
        let list: CodeList = serde_yaml_ng::from_str(&text).unwrap();
        let accepted = json!({ "x-code-list": { "list": "l", "ended": "accepted" } });
        let day = date(2026, 11, 20);
        for alternatives in [json!([{ "type": "null" }, accepted]), json!([accepted])] {
            let schema = json!({ "properties": { "place": { "anyOf": alternatives } } });
            let said = coded(&schema, &json!({ "place": "old" }), (day, day), &|_| Some(&list));
            assert_eq!((said.faults.len(), said.succeeded.len()), (0, 1), "{said:?}");
            assert_eq!(said.succeeded[0].successor, "new");
        }
    }

    #[test]
    fn a_day_before_or_after_the_filing_is_refused_where_the_form_says_so() {
        let day = |keyword: &str| json!({ "type": "string", "format": "date", keyword: "filing" });
        let schema = json!({ "properties": {
            "begins": day("x-not-before"), "built": day("x-not-after"), "free": { "format": "date" },
        } });
        let form = |begins: &str, built: &str| json!({ "begins": begins, "built": built, "free": "1999-01-01" });
        assert_eq!(wrong(&schema, &form("2026-11-20", "2026-11-20")), [""; 0]);
        assert_eq!(wrong(&schema, &form("2026-11-19", "2026-11-21")), ["/begins", "/built"]);
        let today = date(2026, 11, 20);
        let said = coded(&schema, &form("2026-11-19", "2020-01-01"), (today, today), &|_| None);
        assert!(said.faults[0].reason.vi.contains("19/11/2026"), "{said:?}");
        assert!(said.faults[0].reason.en.contains("19 November 2026"), "{said:?}");
    }
}
