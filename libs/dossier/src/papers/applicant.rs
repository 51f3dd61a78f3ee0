//! The applicant, as a paper names them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ERASED, printed};
use crate::contract::{Audience, Brief, Personal, Role};

/// The applicant of a dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaperApplicant)]
pub struct Applicant {
    /// Name in the form; null if the form has none, `[đã xóa]` after its erasure.
    #[schema(example = "Công ty TNHH Minh An")]
    pub applicant_name: Option<String>,
    /// The applicant's tax code or number at the identity provider.
    #[schema(example = "0101243150")]
    pub applicant_code: String,
    /// Address in the form, otherwise that for post.
    #[schema(example = "12 Tràng Tiền, Hà Nội")]
    pub applicant_address: Option<String>,
    /// Telephone number in the form, otherwise that for post.
    #[schema(example = "0912345678")]
    pub applicant_phone: Option<String>,
    /// Number of the person who filed it for the applicant.
    #[schema(example = "citizen-2")]
    pub representative: Option<String>,
}

impl Applicant {
    /// The applicant of `brief`, whose form is `form`.
    ///
    /// A form has the applicant in one of its objects, under a name of the procedure's own
    /// (`company`, `exporter`): it is the object with a name and a tax code or telephone number. A
    /// form with `name` at the top level is itself that object.
    pub(super) fn of(brief: &Brief, form: &Personal<Value>, erased: &mut bool) -> Self {
        let code = brief.applicant.to_string();
        let representative = brief.representative.as_ref().map(ToString::to_string);
        let Some(form) = form.known() else {
            *erased = true;
            return Self {
                applicant_name: Some(ERASED.to_owned()),
                applicant_code: code,
                applicant_address: None,
                applicant_phone: None,
                representative,
            };
        };
        let party = party(form);
        let text = |field: &str| party?.get(field)?.as_str().map(str::to_owned);
        let address = brief.delivery.address.as_ref();
        let posted = |read: fn(&crate::contract::Address) -> String, erased: &mut bool| {
            address.map(|address| match address {
                Personal::Known(address) => read(address),
                Personal::Erased => printed(&Personal::<String>::Erased, erased),
            })
        };
        Self {
            applicant_name: text("name").or_else(|| posted(|a| a.name.clone(), erased)),
            applicant_code: code,
            applicant_address: text("address").or_else(|| posted(|a| a.lines.join(", "), erased)),
            applicant_phone: text("phone").or_else(|| posted(|a| a.phone.clone(), erased)),
            representative,
        }
    }
}

/// The name of the applicant of a dossier, as far as this role may read it: that in the form, or
/// else that in the address for post. `None` if there is none, or if it was erased. A consulted
/// agency is told the matter, not the person.
#[must_use]
pub fn applicant_name(brief: &Brief, form: &Personal<Value>, role: Role) -> Option<String> {
    if role == Role::Consultee || !Audience::Content.has(role) {
        return None;
    }
    let name =
        party(form.known()?).and_then(|party| party.get("name")?.as_str().map(str::to_owned));
    name.or_else(|| {
        let address = brief.delivery.address.as_ref()?.known()?;
        Audience::Address.has(role).then(|| address.name.clone())
    })
}

fn party(form: &Value) -> Option<&Value> {
    let is_party = |value: &&Value| {
        let has = |field: &str| value.get(field).is_some_and(Value::is_string);
        has("name") && (has("tax_code") || has("phone"))
    };
    let mut objects = form.as_object()?.values();
    objects
        .find(is_party)
        .or_else(|| form.get("name").is_some_and(Value::is_string).then_some(form))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::{Address, Delivery, DeliveryChannel};
    use crate::payment::assess_fee::tests::brief;
    use crate::testing::law;

    fn known(form: Value) -> Personal<Value> {
        Personal::from(form)
    }

    #[test]
    fn the_applicant_is_the_object_of_the_form_with_a_name_and_a_tax_code() {
        let brief = brief(&law(), "CO.D", "G02.001", "2026-11-20T09:00");
        let mut erased = false;
        let form = json!({
            "chemical": { "name": "Acetone" },
            "exporter": { "name": "Minh An", "tax_code": "0101243150", "address": "Hà Nội" },
        });
        let applicant = Applicant::of(&brief, &known(form), &mut erased);
        assert_eq!(applicant.applicant_name.as_deref(), Some("Minh An"));
        assert_eq!(applicant.applicant_address.as_deref(), Some("Hà Nội"));
        assert!(!erased);
        let none = Applicant::of(&brief, &known(json!({ "number": "7" })), &mut erased);
        assert_eq!(none.applicant_name, None);
    }

    #[test]
    fn the_address_for_post_names_an_applicant_whom_the_form_does_not() {
        let mut brief = brief(&law(), "CO.D", "G02.001", "2026-11-20T09:00");
        let lines = vec!["12 Tràng Tiền".to_owned(), "Hà Nội".to_owned()];
        let address = Address { name: "Lan".to_owned(), lines, phone: "0912345678".to_owned() };
        let address = Some(Personal::from(address));
        brief.delivery = Delivery { channel: DeliveryChannel::Post, address };
        let mut erased = false;
        let applicant = Applicant::of(&brief, &known(json!({ "number": "7" })), &mut erased);
        assert_eq!(applicant.applicant_name.as_deref(), Some("Lan"));
        assert_eq!(applicant.applicant_address.as_deref(), Some("12 Tràng Tiền, Hà Nội"));
    }

    #[test]
    fn those_who_read_the_form_read_the_applicants_name_and_a_consulted_agency_does_not() {
        let brief = brief(&law(), "CO.D", "G02.001", "2026-11-20T09:00");
        let form = known(json!({ "exporter": { "name": "Minh An", "tax_code": "1" } }));
        let named = |form: &Personal<Value>| {
            let name = |role: &Role| applicant_name(&brief, form, *role);
            Role::CALLERS.iter().filter(|role| name(role).is_some()).copied().collect::<Vec<_>>()
        };
        let readers = [
            Role::Applicant,
            Role::Clerk,
            Role::Reviewer,
            Role::Approver,
            Role::ComplaintHandler,
            Role::Auditor,
        ];
        assert_eq!(named(&form), readers);
        assert_eq!(named(&Personal::Erased), []);
    }

    #[test]
    fn an_erased_form_prints_as_erased() {
        let brief = brief(&law(), "CO.D", "G02.001", "2026-11-20T09:00");
        let mut erased = false;
        let applicant = Applicant::of(&brief, &Personal::Erased, &mut erased);
        assert!(erased && applicant.applicant_name.as_deref() == Some(ERASED));
    }
}
