//! Lists of codes that consist of several parts, because the size of a file is limited. Each part
//! is a file with its own name and versions, for example the communes of one province; the list is
//! all parts together.

use calendar::Text;
use serde::Deserialize;

use super::{CodeList, Law};
use crate::contract::RulesIssued;

/// The list that an issued file is or belongs to, read from its text.
#[must_use]
pub(crate) fn list_in(issued: &RulesIssued) -> String {
    #[derive(Deserialize)]
    struct Part {
        part_of: Option<String>,
    }
    let part = serde_yaml_ng::from_str::<Part>(&issued.text).ok();
    part.and_then(|part| part.part_of).unwrap_or_else(|| issued.name.clone())
}

impl CodeList {
    /// The name of the list that it is or belongs to.
    #[must_use]
    pub fn list(&self) -> &str {
        self.part_of.as_deref().unwrap_or(&self.id)
    }
}

impl Law {
    /// The list that a file is or belongs to.
    #[must_use]
    pub fn list_of<'a>(&'a self, file: &'a str) -> &'a str {
        self.code_files.get(file).map_or(file, |part| part.list())
    }

    /// The list with `part` in place of the part's earlier version. Properties of the whole list
    /// must be the same in all parts.
    pub(super) fn with_part(&self, part: &CodeList) -> Result<CodeList, Text> {
        let list = part.list();
        if let Some(before) = self.code_files.get(&part.id).filter(|before| before.list() != list) {
            let (id, whole) = (&part.id, before.list());
            return Err(Text::new(
                format!("`{id}` là một phần của danh mục `{whole}` và phải giữ nguyên như vậy"),
                format!("`{id}` is a part of the list `{whole}`, and stays one"),
            ));
        }
        if part.id != list && self.codes.contains_key(&part.id) {
            let id = &part.id;
            return Err(Text::new(
                format!("`{id}` là tên của một danh mục, không phải của một phần"),
                format!("`{id}` is the name of a list, not of a part of one"),
            ));
        }
        if self.code_files.get(list).is_some_and(|whole| whole.list() != list) {
            return Err(Text::new(
                format!("bản thân `{list}` là một phần của danh mục khác"),
                format!("`{list}` is itself a part of a list"),
            ));
        }
        let others = || {
            let files = self.code_files.values().map(|file| &**file);
            files.filter(|file| file.list() == list && file.id != part.id)
        };
        if let Some(other) = others().find(|other| other.format != part.format) {
            let id = &other.id;
            return Err(Text::new(
                format!("`format` khác với phần `{id}`"),
                format!("`format` is not that of the part `{id}`"),
            ));
        }
        let mut entries: Vec<_> =
            others().chain([part]).flat_map(|one| one.entries.iter().cloned()).collect();
        entries.sort_by(|one, other| one.code.cmp(&other.code));
        let whole = CodeList {
            id: list.to_owned(),
            part_of: None,
            version: others().map(|other| other.version).fold(part.version, u32::saturating_add),
            legal_basis: part.legal_basis.clone(),
            format: part.format,
            // Only if all parts are closed are unknown codes refused; only if all are complete do
            // they have the class `none`.
            closed: part.closed && others().all(|other| other.closed),
            complete: part.complete && others().all(|other| other.complete),
            entries,
            sorted: true,
        };
        whole.check().map(|()| whole)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::contract::RulesKind;
    use crate::law::{Draft, rules};
    use crate::testing::at;

    const NOW: &str = "2026-11-20T09:00";

    fn part(province: usize, version: u32, communes: usize) -> String {
        use std::fmt::Write;
        let mut text = format!(
            "id: communes-{province}\npart_of: communes\nversion: {version}\nlegal_basis: a test\nentries:\n"
        );
        for commune in 0..communes {
            writeln!(
                text,
                "  - {{ code: \"{province:02}{commune:03}\", name: {{ vi: Xã {commune}, en: Commune {commune} }}, effective: {{ from: 2025-07-01 }} }}"
            )
            .unwrap();
        }
        text
    }

    fn take(law: &mut Law, text: &str) -> Result<(), String> {
        let draft = Draft { kind: RulesKind::Codes, text, version: None };
        let issued = draft.check(law, at(NOW)).map_err(|found| found.to_string())?;
        law.record(&issued, at(NOW)).map_or(Ok(()), |void| Err(void.reason.clone()))
    }

    #[test]
    fn the_communes_of_a_country_come_in_parts_and_are_one_list() {
        let mut law = crate::testing::law();
        for province in 1..=34 {
            take(&mut law, &part(province, 1, 98)).unwrap();
        }
        let day = date(2026, 11, 20);
        let list = law.code_list("communes", at(NOW)).unwrap();
        assert_eq!(list.entries.len(), 34 * 98);
        assert!(list.on("01000", day).is_some() && list.on("34097", day).is_some());
        assert!(law.code_list("communes-3", at(NOW)).is_none(), "a part is no list");
        assert_eq!(law.list_of("communes-3"), "communes");
        let issued = rules(RulesKind::Codes, "a part", &part(3, 2, 98)).unwrap();
        assert_eq!(list_in(&issued), "communes", "whose dossiers it concerns");

        // A part changes independently, and may refer to codes of another part.
        let merged = part(2, 2, 97)
            + "  - { code: \"02097\", name: { vi: Xã 97, en: Commune 97 }, effective: { from: 2025-07-01, to: 2026-10-31 }, successor: \"03001\" }\n";
        take(&mut law, &merged).unwrap();
        let list = law.code_list("communes", at(NOW)).unwrap();
        for entry in &list.entries {
            let same = list.entries.iter().find(|other| other.code == entry.code);
            assert_eq!(list.on(&entry.code, day).is_some(), same.unwrap().effective.contains(day));
        }
        assert!(list.on("", day).is_none() && list.on("99999", day).is_none());
        assert_eq!((list.entries.len(), list.successor("02097", day)), (34 * 98, Some("03001")));
        assert_eq!(law.code_list("communes", at("2026-11-20T08:59")).map(|l| l.version), None);
        assert_eq!(law.next_version(RulesKind::Codes, &merged), Some(3));
    }

    #[test]
    fn parts_that_contradict_each_other_are_not_one_list() {
        let mut law = crate::testing::law();
        take(&mut law, &part(1, 1, 3)).unwrap();
        let twice = part(2, 1, 3) + part(1, 1, 1).lines().last().unwrap() + "\n";
        assert!(take(&mut law, &twice).unwrap_err().contains("twice"));
        let format = part(2, 1, 3).replace("entries:", "format: hs\nentries:");
        assert!(take(&mut law, &format).is_err());
        let elsewhere = part(1, 2, 3).replace("part_of: communes", "part_of: provinces");
        assert!(take(&mut law, &elsewhere).unwrap_err().contains("stays one"));
        let chemicals = part(3, 1, 3).replace("id: communes-3", "id: chemicals");
        assert!(take(&mut law, &chemicals).is_err());
        let nested = part(4, 1, 3).replace("part_of: communes", "part_of: communes-1");
        assert!(take(&mut law, &nested).unwrap_err().contains("itself a part"));
        // The list is complete only if every part is.
        let complete = part(2, 1, 3).replace("entries:", "complete: true\nentries:");
        take(&mut law, &complete).unwrap();
        assert!(!law.code_list("communes", at(NOW)).unwrap().complete);
        let own = part(1, 2, 3).replace("entries:", "complete: true\nentries:");
        take(&mut law, &own).unwrap();
        assert!(law.code_list("communes", at(NOW)).unwrap().complete);
    }

    #[test]
    fn a_file_that_is_larger_than_an_event_may_be_is_found_before_it_is_issued() {
        let law = crate::testing::law();
        let text = part(1, 1, 2_600);
        let draft = Draft { kind: RulesKind::Codes, text: &text, version: Some(1) };
        let found = draft.check(&law, at(NOW)).unwrap_err();
        assert!(found.0[0].en.contains("in parts"), "{found}");
        assert!(rules(RulesKind::Codes, "communes", &text).is_ok());
    }
}
