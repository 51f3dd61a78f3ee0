use serde_json::json;

use super::*;

const FIELDS: Fields = Fields {
    plain: &["code", "name", "due", "amount"],
    lists: &[("documents", &["title", "copies"])],
};

const HEAD: &str =
    "name: test\nversion: 1\nlanguage: vi\ntitle: Thử\nlegal_basis: none\npage: a4\n";

fn template(lines: &str) -> Result<Template, TemplateError> {
    Template::parse(&format!("{HEAD}lines:\n{lines}"), &FIELDS)
}

#[test]
fn placeholders_conditions_lists_and_tables_are_filled() {
    let lines = r#"
  - heading: "PHIẾU {{code}}"
  - { text: "Hẹn **{{due|day}}**", if: due }
  - { text: "Chưa có hẹn", unless: due }
  - { list: { of: documents, line: "{{no}}. {{title}}" } }
  - table:
      of: documents
      columns:
        - { title: STT, cell: "{{no}}", width: 1 }
        - { title: Tên, cell: "{{title}}", width: 5 }
        - { title: Bản, cell: "{{copies}}", width: 1, align: right }
      total: [Cộng, "", "{{amount|number}}"]
  - qr: "{{code}}"
"#;
    let template = template(lines).unwrap();
    let documents = json!([{ "title": "Đơn", "copies": 1 }, { "title": "Tờ khai", "copies": 2 }]);
    let due = json!({ "code": "A-1", "due": "2026-12-03", "documents": documents, "amount": 3000 });
    let document = template.fill(&due);
    assert_eq!(
        document.text(),
        "PHIẾU A-1\nHẹn 03/12/2026\n1. Đơn\n2. Tờ khai\nSTT\tTên\tBản\n1\tĐơn\t1\n2\tTờ khai\t2\nCộng\t\t3.000\n[A-1]\n"
    );
    let Block::Text(line) = &document.blocks[1] else { panic!("{document:?}") };
    assert_eq!(line.spans.iter().map(|span| span.bold).collect::<Vec<_>>(), [false, true]);
    let without = template.fill(&json!({ "code": "A-1", "due": null, "documents": [] }));
    assert!(without.text().contains("Chưa có hẹn") && !without.text().contains("Hẹn "));
}

#[test]
fn a_template_that_names_what_there_is_not_is_refused() {
    for (lines, message) in [
        ("  - text: '{{colour}}'\n", "`colour` is not a field"),
        ("  - { text: a, if: colour }\n", "`colour` is not a field"),
        ("  - text: '{{code|loud}}'\n", "`loud` is not a filter"),
        ("  - text: '{{code'\n", "without a partner"),
        ("  - text: 'code}}'\n", "without a partner"),
        ("  - text: '**code'\n", "without a partner"),
        ("  - list: { of: papers, line: a }\n", "`papers` is not a list"),
        ("  - list: { of: documents, line: '{{code}}' }\n", "`code` is not a field"),
        ("  - table: { of: documents, columns: [] }\n", "must have columns"),
        ("  - texts: a\n", "not a template"),
    ] {
        let error = template(lines).unwrap_err().to_string();
        assert!(error.contains(message), "{lines}: {error}");
    }
}

#[test]
fn a_value_is_never_markup_and_has_no_control_characters() {
    let template = template("  - text: 'Tên: {{name}}'\n").unwrap();
    let document = template.fill(&json!({ "name": "**A** {{code}}\tB\u{7}\nC" }));
    assert_eq!(document.text(), "Tên: **A** {{code}} B \nC\n");
}
