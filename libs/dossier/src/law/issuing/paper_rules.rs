//! Checks templates of papers.

use serde_json::Value;

use super::Check;
use crate::law::{PaperForm, PaperRules};

impl Check<'_, '_> {
    pub(super) fn paper(&mut self, value: &Value) {
        let Some(shaped) = self.shape::<PaperRules>(value) else { return };
        self.content(&shaped, |check, file| {
            let PaperRules { agency, paper, effective, title, .. } = file;
            if !check.law.agencies().any(|known| agency.covers(&known.code)) {
                let (vi, en) = (
                    format!("không có cơ quan nào thuộc `{agency}`"),
                    format!("there is no agency under `{agency}`"),
                );
                check.add("/agency", vi, en);
            }
            check.days("/effective", *effective);
            check.text("/title", title);
            check.named(file);
            if let Some(english) = &file.english {
                check.text("/english/title", &english.title);
            }
            let (template, english) = file.templates();
            for faults in
                [template.as_ref().err(), english.as_ref().and_then(|one| one.as_ref().err())]
            {
                for fault in faults.into_iter().flatten() {
                    let (vi, en) = said(&fault.error);
                    check.add(&fault.pointer, vi, en);
                }
            }
            let printed = [
                ("/lines", template.as_ref().ok()),
                ("/english/lines", english.as_ref().and_then(|one| one.as_ref().ok())),
            ];
            for (at, template) in printed {
                let missing = template.map(|template| file.missing(template)).unwrap_or_default();
                for field in missing {
                    let (vi, en) = (
                        format!("giấy `{}` phải in `{field}`", paper.name()),
                        format!("a paper `{}` must print `{field}`", paper.name()),
                    );
                    check.add(at, vi, en);
                }
            }
        });
    }

    /// Checks the names of the file and of its paper.
    fn named(&mut self, file: &PaperRules) {
        let shipped = |form: &&PaperForm| form.name() == file.id;
        if PaperForm::ALL.iter().any(|form| shipped(&form)) {
            let (vi, en) = (
                "là tên của một mẫu có sẵn, hãy đặt tên khác, ví dụ có mã cơ quan",
                "is the name of a shipped template; choose another, for example with the agency",
            );
            self.add("/id", vi, en);
        } else if let Some(other) = self.law.paper_besides(file) {
            let (vi, en) = (
                format!(
                    "`{other}` là tệp của cơ quan và loại giấy này; một tệp không đổi cơ quan hay loại giấy"
                ),
                format!("`{other}` is the file of this agency and paper; a file keeps both"),
            );
            self.add("/id", vi, en);
        }
    }
}

/// A fault of a template, in Vietnamese and English.
fn said(error: &::papers::TemplateError) -> (String, String) {
    use ::papers::TemplateError as Error;
    let vi = match error {
        Error::Malformed(_) => "không phải một mẫu".to_owned(),
        Error::UnknownField(name) => format!("giấy này không có trường `{name}`"),
        Error::UnknownList(name) => format!("giấy này không có danh sách `{name}`"),
        Error::UnknownFilter(name) => format!("không có bộ lọc `{name}`"),
        Error::Unbalanced(text) => format!("`{text}` có dấu ngoặc hoặc dấu sao không đủ cặp"),
        Error::Columns => {
            "một bảng có từ 1 đến 16 cột, độ rộng từ 1 đến 100, dòng cộng có đủ các cột".to_owned()
        }
        Error::Parts => {
            "một dòng có đúng một trong text, heading, note, columns, list, table, qr, space"
                .to_owned()
        }
        Error::NoGlyph(char) => format!("phông chữ không có ký tự `{char}`"),
        Error::TooMuch(most) => format!("vượt giới hạn của một mẫu: {most}"),
    };
    (vi, error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::contract::RulesKind;
    use crate::law::{Draft, Law, kind_of};
    use crate::testing::at;

    const RIGHT: &str = include_str!("../../../../../examples/refusal-slip.yaml");

    fn found(text: &str) -> Vec<(String, String)> {
        let draft = Draft { kind: RulesKind::Papers, text, version: Some(1) };
        let checked = draft.check(&Law::shipped().unwrap(), at("2026-11-20T09:00"));
        let found = checked.err().unwrap_or_default().0;
        found.into_iter().map(|one| (one.pointer, one.en)).collect()
    }

    #[test]
    fn the_example_is_valid_and_recognized() {
        assert_eq!(found(RIGHT), []);
        assert_eq!(kind_of(RIGHT), Some(RulesKind::Papers));
    }

    #[test]
    fn all_mistakes_of_a_template_are_found_at_once_with_their_places() {
        let wrong = RIGHT
            .replace("agency: G02.001", "agency: X01")
            .replace("{{agency_name|upper}}", "{{agency_name|loud}}")
            .replace("{{reason}}", "{{why}}")
            .replace("if: applicant_name", "unless: colour");
        let places: Vec<_> = found(&wrong).into_iter().map(|(pointer, _)| pointer).collect();
        let expected = [
            "/agency",
            "/lines/0/columns/0/0",
            "/lines/3/unless",
            "/lines/5/text",
            "/english/lines/3/text",
        ];
        assert_eq!(places, expected);
        let draft = Draft { kind: RulesKind::Papers, text: &wrong, version: Some(1) };
        let refused = draft.check(&Law::shipped().unwrap(), at("2026-11-20T09:00")).unwrap_err();
        assert!(refused.0.iter().all(|one| one.place.is_some()), "{refused:?}");
    }

    #[test]
    fn a_paper_without_what_its_law_requires_is_refused() {
        let without = RIGHT.replace("{{reason}}", "không rõ");
        let en = "a paper `slip-03` must print `reason`".to_owned();
        let places = ["/lines", "/english/lines"].map(|at| (at.to_owned(), en.clone()));
        assert_eq!(found(&without), places);
    }

    #[test]
    fn a_line_with_two_parts_an_unknown_one_or_a_character_that_is_not_printed_is_refused() {
        for (line, pointer) in [
            ("{ text: a, note: b }", "/lines/0"),
            ("{ texts: a }", "/lines/0/texts"),
            ("{ text: 漢 }", "/lines/0/text"),
            ("{ space: 200 }", "/lines/0/space"),
            ("{ table: { of: documents, columns: [] } }", "/lines/0/table/columns"),
            ("{ list: { of: papers, line: a } }", "/lines/0/list/of"),
        ] {
            let text = RIGHT.replacen("lines:\n", &format!("lines:\n  - {line}\n"), 1);
            assert!(found(&text).iter().any(|(at, _)| at == pointer), "{line}: {:?}", found(&text));
        }
        let shipped = RIGHT.replace("id: slip-03-G02.001", "id: slip-03");
        assert_eq!(found(&shipped)[0].0, "/id");
    }
}
