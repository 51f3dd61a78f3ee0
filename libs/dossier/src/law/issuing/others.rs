//! Checks the periods for complaints, the rules for payments, and lists of codes.

use calendar::Text;
use serde_json::Value;

use super::Check;
use crate::contract::{ComplaintClass, Vnd, partner_name};
use crate::law::{
    AccountRules, AnswerTemplate, CodeList, ComplaintRules, PaymentRules, TILL, is_account,
};

/// Maximum amount that one person may refund: above it a second person would never be required.
const ALONE_MAX: Vnd = Vnd(1_000_000_000_000);

/// Maximum number of accounts.
const ACCOUNTS_MAX: usize = 500;

/// Maximum number of templates of answers.
const TEMPLATES_MAX: usize = 100;

impl Check<'_, '_> {
    pub(super) fn complaints(&mut self, value: &Value) {
        let Some(shaped) = self.shape::<ComplaintRules>(value) else { return };
        self.content(&shaped, |check, rules| {
            let by = check.periods();
            check.period(&by, "/classify", rules.classify);
            check.period(&by, "/classify_personal_data", rules.classify_personal_data);
            check.period(&by, "/publish", rules.publish);
            if let Some(within) = rules.reopen_within {
                check.period(&by, "/reopen_within", within);
            }
            if let Some(after) = rules.escalate_after {
                check.period(&by, "/escalate_after", after);
            }
            for (list, periods) in [
                ("answer", &rules.answer),
                ("answer_online", &rules.answer_online),
                ("extended", &rules.extended),
            ] {
                for (class, budget) in periods {
                    check.period(&by, &format!("/{list}/{}", name(*class)), *budget);
                }
            }
            for (list, periods) in
                [("answer_online", &rules.answer_online), ("extended", &rules.extended)]
            {
                for class in periods.keys().filter(|class| !rules.answer.contains_key(class)) {
                    let (vi, en) = ("không có trong `answer`", "is not among `answer`");
                    check.add(&format!("/{list}/{}", name(*class)), vi, en);
                }
            }
            check.templates(&rules.templates);
            if !rules.answer.contains_key(&ComplaintClass::Complex) {
                let (vi, en) = (
                    "thiếu `complex`: khiếu nại mở lại sẽ không có thời hạn",
                    "`complex` is missing: reopened complaints would have no period",
                );
                check.add("/answer", vi, en);
            }
        });
    }

    fn templates(&mut self, templates: &[AnswerTemplate]) {
        if templates.len() > TEMPLATES_MAX {
            let (vi, en) = (
                format!("nhiều nhất {TEMPLATES_MAX} mẫu"),
                format!("at most {TEMPLATES_MAX} templates"),
            );
            self.add("/templates", vi, en);
        }
        for (place, template) in templates.iter().enumerate() {
            let at = |field: &str| format!("/templates/{place}/{field}");
            self.text(&at("code"), &template.code);
            self.text(&at("title"), &template.title);
            self.text(&at("body"), &template.body);
            if templates.iter().take(place).any(|earlier| earlier.code == template.code) {
                self.twice(&at("code"), &template.code);
            }
            let unknown = template.fields().find(|field| !AnswerTemplate::FIELDS.contains(field));
            if let Some(field) = unknown {
                let known = AnswerTemplate::FIELDS.join(", ");
                let (vi, en) = (
                    format!("không có trường `{field}`; các trường: {known}"),
                    format!("there is no field `{field}`; the fields are {known}"),
                );
                self.add(&at("body"), vi, en);
            }
        }
    }

    pub(super) fn code_list(&mut self, value: &Value) {
        let Some(shaped) = self.shape::<CodeList>(value) else { return };
        self.content(&shaped, |check, list| {
            for (place, entry) in list.entries.iter().enumerate() {
                let at = format!("/entries/{place}");
                check.texts(&format!("{at}/name"), &entry.name);
                check.days(&format!("{at}/effective"), entry.effective);
            }
            if let Some(list) = &list.part_of {
                check.code("/part_of", list);
            }
            if let Err(reason) = check.law.with_part(list) {
                let Text { vi, en } = reason;
                check.add("/entries", format!("danh mục tự mâu thuẫn: {vi}"), en);
            }
        });
    }

    pub(super) fn payments(&mut self, value: &Value) {
        let Some(shaped) = self.shape::<PaymentRules>(value) else { return };
        self.content(&shaped, |check, rules| {
            let by = check.periods();
            check.period(&by, "/give_back", rules.give_back);
            check.period(&by, "/look_into", rules.look_into);
            if !(Vnd::ZERO..=ALONE_MAX).contains(&rules.second_person_above) {
                let (vi, en) = (
                    format!("số tiền phải từ 0 đến {}", ALONE_MAX.0),
                    format!("an amount is 0 to {} đồng", ALONE_MAX.0),
                );
                check.add("/second_person_above", vi, en);
            }
            for (place, provider) in rules.providers.iter().enumerate() {
                let at = format!("/providers/{place}/name");
                check.text(&at, &provider.name);
                let mut earlier = rules.providers.iter().take(place);
                let compared = partner_name(&provider.name);
                if earlier.any(|other| partner_name(&other.name) == compared) {
                    check.twice(&at, &provider.name);
                }
            }
            check.accounts(&rules.accounts);
        });
    }
}

impl Check<'_, '_> {
    fn accounts(&mut self, accounts: &[AccountRules]) {
        if accounts.len() > ACCOUNTS_MAX {
            let (vi, en) = (
                format!("nhiều nhất {ACCOUNTS_MAX} tài khoản"),
                format!("at most {ACCOUNTS_MAX} accounts"),
            );
            self.add("/accounts", vi, en);
        }
        for (place, account) in accounts.iter().enumerate() {
            let at = |field: &str| format!("/accounts/{place}/{field}");
            let AccountRules { code, partner, agency, bank, number, holder, .. } = account;
            if !is_account(code) || code == TILL {
                let (vi, en) = (
                    format!("`{code}` không phải tên tài khoản: 1 đến 40 ký tự a-z 0-9 -"),
                    format!(
                        "`{code}` is no name of an account: 1 to 40 of a-z 0-9 -, not `{TILL}`"
                    ),
                );
                self.add(&at("code"), vi, en);
            }
            self.text(&at("partner"), partner);
            self.text(&at("number"), number);
            self.text(&at("holder"), holder);
            if bank.len() != 6 || !bank.bytes().all(|byte| byte.is_ascii_digit()) {
                let (vi, en) = (
                    format!("`{bank}` không phải mã ngân hàng 6 chữ số"),
                    format!("`{bank}` is no bank number of six digits"),
                );
                self.add(&at("bank"), vi, en);
            }
            if self.law.agency(agency).is_none() {
                let (vi, en) = (
                    format!("không có cơ quan `{agency}`"),
                    format!("there is no agency `{agency}`"),
                );
                self.add(&at("agency"), vi, en);
            }
            let earlier = accounts.iter().take(place);
            let mut same = earlier.filter(|other| other.agency == *agency && other.code == *code);
            if same.next().is_some() {
                self.twice(&at("code"), code);
            }
        }
    }
}

fn name(class: ComplaintClass) -> String {
    let written = serde_json::to_value(class).unwrap_or_default();
    written.as_str().unwrap_or_default().to_owned()
}
