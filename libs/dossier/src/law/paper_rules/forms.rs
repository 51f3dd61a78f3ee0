//! The forms of papers and their shipped templates. A version that papers were issued with never
//! changes: a change is a new version, in a new file.

use std::sync::{Arc, LazyLock};

use ::papers::{Fields, Template};
use serde::{Deserialize, Serialize};

use super::fields;

macro_rules! forms {
    ($($(#[$doc:meta])+ $form:ident, $name:literal: $fields:ident, must print $must:expr,
       shipped as [$($file:literal),+];)+) => {
        /// What an agency hands out or files, each kind with its own fields and templates.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum PaperForm {
            $($(#[$doc])+ #[serde(rename = $name)] $form),+
        }

        /// The shipped files: their form, name and text, for each form in the order of versions.
        const SHIPPED: &[(PaperForm, &str, &str)] = &[
            $($((PaperForm::$form, $file, include_str!(concat!("../../../papers/", $file)))),+),+
        ];

        impl PaperForm {
            /// All forms.
            pub const ALL: &'static [Self] = &[$(Self::$form),+];

            /// The name of its shipped template, and in files of rules.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$form => $name),+ }
            }

            /// The fields that its templates may use.
            pub(crate) const fn fields(self) -> &'static Fields {
                match self { $(Self::$form => &fields::$fields),+ }
            }

            /// The fields and lists that each of its templates must print.
            pub(super) const fn required(self) -> &'static [&'static str] {
                match self { $(Self::$form => &$must),+ }
            }
        }
    };
}

forms! {
    /// Slip 01: receipt of the dossier, and appointment.
    Receipt01, "slip-01": SLIPS,
        must print ["agency_name", "code", "procedure_name", "applicant_name", "documents", "due"],
        shipped as ["slip-01.1.yaml"];
    /// Slip 02: request for a supplement.
    Supplement02, "slip-02": SLIPS,
        must print ["agency_name", "code", "procedure_name", "missing", "reason"],
        shipped as ["slip-02.1.yaml"];
    /// Slip 03: refusal to receive the dossier.
    Refusal03, "slip-03": SLIPS,
        must print ["agency_name", "code", "procedure_name", "reason"],
        shipped as ["slip-03.1.yaml"];
    /// Slip 04: apology, and new appointment.
    Apology04, "slip-04": SLIPS,
        must print ["agency_name", "code", "procedure_name", "reason", "due"],
        shipped as ["slip-04.1.yaml"];
    /// Slip 05: end of the handling at the applicant's request.
    Stop05, "slip-05": SLIPS,
        must print ["agency_name", "code", "procedure_name"],
        shipped as ["slip-05.1.yaml"];
    /// Form 06: control slip.
    Control06, "control-slip": CONTROL,
        must print ["agency_name", "code", "steps"],
        shipped as ["control-slip.1.yaml"];
    /// Form 07: register.
    Register07, "register": REGISTER,
        must print ["agency_name", "from", "to", "dossiers"],
        shipped as ["register.1.yaml"];
    /// Letter with an approval.
    Approval, "letter-approval": LETTERS,
        must print ["agency_name", "code", "procedure_name", "applicant_name"],
        shipped as ["letter-approval.1.yaml"];
    /// Letter with a refusal.
    Rejection, "letter-refusal": LETTERS,
        must print ["agency_name", "code", "procedure_name", "applicant_name", "reason"],
        shipped as ["letter-refusal.1.yaml"];
    /// Label of a parcel.
    Label, "label": LABEL,
        must print ["recipient_name", "recipient_address", "code"],
        shipped as ["label.1.yaml"];
    /// List of parcels for a carrier.
    ParcelList, "parcel-list": PARCEL_LIST,
        must print ["agency_name", "day", "parcels"],
        shipped as ["parcel-list.1.yaml"];
    /// Receipt for a fee.
    Receipt, "receipt": RECEIPTS,
        must print ["symbol", "number", "agency_name", "applicant_name", "phi", "le_phi", "amount_vnd"],
        shipped as ["receipt.1.yaml"];
}

/// English translations, for information: a form, the name of the file, and its text. No event
/// records a translation, so a file may change.
const TRANSLATIONS: &[(PaperForm, &str, &str)] = &[
    (PaperForm::Receipt01, "slip-01-en.1.yaml", include_str!("../../../papers/slip-01-en.1.yaml")),
    (
        PaperForm::Supplement02,
        "slip-02-en.1.yaml",
        include_str!("../../../papers/slip-02-en.1.yaml"),
    ),
    (PaperForm::Refusal03, "slip-03-en.1.yaml", include_str!("../../../papers/slip-03-en.1.yaml")),
    (PaperForm::Apology04, "slip-04-en.1.yaml", include_str!("../../../papers/slip-04-en.1.yaml")),
    (PaperForm::Stop05, "slip-05-en.1.yaml", include_str!("../../../papers/slip-05-en.1.yaml")),
    (
        PaperForm::Approval,
        "letter-approval-en.1.yaml",
        include_str!("../../../papers/letter-approval-en.1.yaml"),
    ),
    (
        PaperForm::Rejection,
        "letter-refusal-en.1.yaml",
        include_str!("../../../papers/letter-refusal-en.1.yaml"),
    ),
];

type Templates = LazyLock<Vec<(PaperForm, Arc<Template>)>>;

static TEMPLATES: Templates = LazyLock::new(|| SHIPPED.iter().map(read).collect());
static TRANSLATED: Templates = LazyLock::new(|| TRANSLATIONS.iter().map(read).collect());

fn read((form, file, text): &(PaperForm, &str, &str)) -> (PaperForm, Arc<Template>) {
    let template = Template::parse(text, form.fields());
    (*form, Arc::new(template.unwrap_or_else(|error| panic!("{file}: {error}"))))
}

impl PaperForm {
    /// The newest version of its shipped template.
    ///
    /// # Panics
    ///
    /// Never: a test reads every shipped template.
    pub(super) fn newest(self) -> Arc<Template> {
        let mut of_form = TEMPLATES.iter().filter(|(form, _)| *form == self);
        let newest = of_form.next_back().map(|(_, template)| template);
        Arc::clone(newest.expect("each form has a template"))
    }

    /// A version of its shipped template; `None` if this version of the program has none.
    pub(super) fn version(self, name: &str, version: u32) -> Option<Arc<Template>> {
        let mut of_form = TEMPLATES.iter().filter(|(form, _)| *form == self);
        let found = of_form.find(|(_, one)| one.name == name && one.version == version);
        found.map(|(_, template)| Arc::clone(template))
    }

    /// The shipped English translation; `None` if it has none.
    pub(super) fn translation(self) -> Option<Arc<Template>> {
        let found = TRANSLATED.iter().find(|(form, _)| *form == self);
        found.map(|(_, template)| Arc::clone(template))
    }
}

/// Checks that the fields of `data`, and those of the entries of its lists, are `fields`. Each list
/// must have an entry, or is not checked.
#[cfg(test)]
pub(crate) fn assert_fields<D: Serialize>(data: &D, fields: &Fields) {
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
            assert_eq!((template.language.as_str(), template.name.as_str()), ("vi", form.name()));
            let printed = template.printed();
            for field in form.required() {
                assert!(printed.contains(field), "{file} does not print {field}");
            }
        }
        for form in PaperForm::ALL {
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
