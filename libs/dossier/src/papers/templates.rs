//! The shipped templates. A version that papers were issued with never changes: a change is a new
//! version, in a new file.

use std::sync::LazyLock;

use ::papers::{Fields, Template};

use super::{book, control, letters, parcels, receipts, slips};

/// A form of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Slip 01: receipt of the dossier, and appointment.
    Receipt01,
    /// Slip 02: request for a supplement.
    Supplement02,
    /// Slip 03: refusal to receive the dossier.
    Refusal03,
    /// Slip 04: apology, and new appointment.
    Apology04,
    /// Slip 05: end of the handling at the applicant's request.
    Stop05,
    /// Form 06: control slip.
    Control06,
    /// Form 07: register.
    Register07,
    /// Receipt for a fee.
    Receipt,
    /// Letter with an approval.
    Approval,
    /// Letter with a refusal.
    Rejection,
    /// Label of a parcel.
    Label,
    /// List of parcels for a carrier.
    ParcelList,
}

macro_rules! templates {
    ($($form:ident: $fields:path => [$($file:literal),+];)+) => {
        /// The shipped files: their form, name and text, for each form in the order of versions.
        const SHIPPED: &[(Form, &str, &str)] = &[
            $($((Form::$form, $file, include_str!(concat!("../../papers/", $file)))),+),+
        ];

        impl Form {
            /// All forms.
            pub const ALL: &'static [Self] = &[$(Self::$form),+];

            const fn fields(self) -> &'static Fields {
                match self { $(Self::$form => &$fields),+ }
            }
        }
    };
}

templates! {
    Receipt01: slips::FIELDS => ["slip-01.1.yaml"];
    Supplement02: slips::FIELDS => ["slip-02.1.yaml"];
    Refusal03: slips::FIELDS => ["slip-03.1.yaml"];
    Apology04: slips::FIELDS => ["slip-04.1.yaml"];
    Stop05: slips::FIELDS => ["slip-05.1.yaml"];
    Control06: control::FIELDS => ["control-slip.1.yaml"];
    Register07: book::FIELDS => ["register.1.yaml"];
    Approval: letters::FIELDS => ["letter-approval.1.yaml"];
    Rejection: letters::FIELDS => ["letter-refusal.1.yaml"];
    Label: parcels::LABEL => ["label.1.yaml"];
    ParcelList: parcels::LIST => ["parcel-list.1.yaml"];
    Receipt: receipts::FIELDS => ["receipt.1.yaml"];
}

/// English translations, for information: a form, the name of the file, and its text. No event
/// records a translation, so a file may change.
const TRANSLATIONS: &[(Form, &str, &str)] = &[
    (Form::Receipt01, "slip-01-en.1.yaml", include_str!("../../papers/slip-01-en.1.yaml")),
    (Form::Supplement02, "slip-02-en.1.yaml", include_str!("../../papers/slip-02-en.1.yaml")),
    (Form::Refusal03, "slip-03-en.1.yaml", include_str!("../../papers/slip-03-en.1.yaml")),
    (Form::Apology04, "slip-04-en.1.yaml", include_str!("../../papers/slip-04-en.1.yaml")),
    (Form::Stop05, "slip-05-en.1.yaml", include_str!("../../papers/slip-05-en.1.yaml")),
    (
        Form::Approval,
        "letter-approval-en.1.yaml",
        include_str!("../../papers/letter-approval-en.1.yaml"),
    ),
    (
        Form::Rejection,
        "letter-refusal-en.1.yaml",
        include_str!("../../papers/letter-refusal-en.1.yaml"),
    ),
];

type Templates = LazyLock<Vec<(Form, Template)>>;

static TEMPLATES: Templates = LazyLock::new(|| SHIPPED.iter().map(read).collect());
static TRANSLATED: Templates = LazyLock::new(|| TRANSLATIONS.iter().map(read).collect());

fn read((form, file, text): &(Form, &str, &str)) -> (Form, Template) {
    let template = Template::parse(text, form.fields());
    (*form, template.unwrap_or_else(|error| panic!("{file}: {error}")))
}

impl Form {
    /// The newest version of its template.
    ///
    /// # Panics
    ///
    /// Never: a test reads every shipped template.
    #[must_use]
    pub fn newest(self) -> &'static Template {
        let mut of_form = TEMPLATES.iter().filter(|(form, _)| *form == self);
        of_form.next_back().map(|(_, template)| template).expect("each form has a template")
    }

    /// A version of its template; `None` if this version of the program has none.
    #[must_use]
    pub fn version(self, name: &str, version: u32) -> Option<&'static Template> {
        let mut of_form = TEMPLATES.iter().filter(|(form, _)| *form == self);
        let found = of_form.find(|(_, one)| one.name == name && one.version == version);
        found.map(|(_, template)| template)
    }
}

impl Form {
    /// Its English translation; `None` if it has none.
    pub(super) fn translation(self) -> Option<&'static Template> {
        TRANSLATED.iter().find(|(form, _)| *form == self).map(|(_, template)| template)
    }
}

/// Checks that the fields of `data`, and those of the entries of its lists, are `fields`. Each list
/// must have an entry, or is not checked.
#[cfg(test)]
pub(super) fn assert_fields<D: serde::Serialize>(data: &D, fields: &Fields) {
    let value = serde_json::to_value(data).unwrap();
    let names = |value: &serde_json::Value| {
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let mut known: Vec<&str> = fields.plain.to_vec();
    known.extend(fields.lists.iter().map(|(list, _)| *list));
    known.sort_unstable();
    assert_eq!(names(&value), known);
    for (list, entries) in fields.lists {
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        for entry in value[*list].as_array().unwrap() {
            assert_eq!(names(entry), entries, "{list}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_shipped_template_is_read_and_named_like_its_file() {
        let mut names = BTreeSet::new();
        for ((form, file, _), (_, template)) in SHIPPED.iter().zip(TEMPLATES.iter()) {
            assert_eq!(*file, format!("{}.{}.yaml", template.name, template.version));
            assert!(names.insert((template.name.clone(), template.version)), "{file}");
            let found = form.version(&template.name, template.version).unwrap();
            assert_eq!(found.version, template.version);
            assert_eq!(template.language, "vi");
        }
        for form in Form::ALL {
            let versions = TEMPLATES.iter().filter(|(one, _)| one == form);
            let versions: Vec<u32> = versions.map(|(_, template)| template.version).collect();
            assert!(versions.is_sorted() && versions.first() == Some(&1), "{form:?}");
        }
    }

    #[test]
    fn every_translation_is_read_and_says_that_the_vietnamese_text_governs() {
        for ((_, file, text), (form, template)) in TRANSLATIONS.iter().zip(TRANSLATED.iter()) {
            assert_eq!(*file, format!("{}.{}.yaml", template.name, template.version));
            assert_eq!(template.language, "en");
            let original = form.newest();
            assert_eq!(template.name, format!("{}-en", original.name));
            assert!(text.contains("The Vietnamese text is the one that was issued"), "{file}");
            // What the original prints of the dossier is printed in the translation.
            let (_, _, issued) = SHIPPED.iter().rfind(|(one, ..)| one == form).unwrap();
            for field in form.fields().plain {
                let prints = |text: &str| {
                    text.contains(&format!("{{{{{field}}}}}"))
                        || text.contains(&format!("{{{{{field}|"))
                };
                assert_eq!(prints(issued), prints(text), "{file}: {field}");
            }
        }
    }
}
