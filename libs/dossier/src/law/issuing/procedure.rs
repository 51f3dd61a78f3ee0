//! Checks a procedure for contradictions, steps that would be impossible, and periods that would
//! not end.

use serde_json::Value;

use super::Check;
use super::periods::Periods;
use crate::contract::{Channel, NotCounted, Role, SupplementEffect};
use crate::law::{Activity, ClockRules, ClockStart, Condition, CutOff, FeeDue, Level, Procedure};
use crate::search::FIELDS_MAX;

impl Check<'_, '_> {
    pub(super) fn procedure(&mut self, value: &Value) {
        if let Some(shaped) = self.shape::<Procedure>(value) {
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the method is of one lifetime, and this takes any"
            )]
            self.content(&shaped, |check, procedure| check.whole_procedure(procedure));
        }
    }

    fn whole_procedure(&mut self, procedure: &Procedure) {
        let by = self.periods_under(&procedure.agency);
        self.identity(procedure);
        self.texts("/name", &procedure.name);
        self.form(&procedure.form);
        self.once("/public", &procedure.public);
        for (place, names) in procedure.public.iter().enumerate() {
            self.pointer(&procedure.form, &format!("/public/{place}"), names);
        }
        self.searched(procedure);
        self.components(procedure);
        self.fees(&by, procedure);
        self.periods_of(&by, [("/intake/answer", procedure.intake.answer)]);
        if let Some(ahead) = &procedure.intake.ahead {
            let form = (&procedure.form, &procedure.public[..]);
            self.date_field(form, "/intake/ahead/field", &ahead.field);
            self.working_days_back(&by, "/intake/ahead/working_days", ahead.working_days);
            self.text("/intake/ahead/basis", &ahead.basis);
        }
        self.reception(procedure);
        self.clock(&by, procedure);
        self.review(&by, procedure);
        self.result(&by, procedure);
    }

    /// Checks the agencies whose one-stop units receive dossiers, and those that decide on them.
    fn reception(&mut self, procedure: &Procedure) {
        for (place, rule) in procedure.intake.reception.iter().enumerate() {
            let at = format!("/intake/reception/{place}");
            self.once(&format!("{at}/may"), &rule.may);
            self.text(&format!("{at}/basis"), &rule.basis);
            let (receiver, decider) = (rule.receiver.as_ref(), rule.decider.as_ref());
            for (field, agency) in [("receiver", receiver), ("decider", decider)] {
                let Some(agency) = agency else { continue };
                if self.law.agencies().all(|known| !agency.covers(&known.code)) {
                    let (vi, en) = (
                        format!("không có cơ quan nào thuộc `{agency}`"),
                        format!("there is no agency under `{agency}`"),
                    );
                    self.add(&format!("{at}/{field}"), vi, en);
                }
            }
        }
    }

    /// Checks the fields by which dossiers are found.
    fn searched(&mut self, procedure: &Procedure) {
        let listed = procedure.search.as_deref().unwrap_or_default();
        self.once("/search", listed);
        if listed.len() > FIELDS_MAX {
            let count = listed.len();
            let (vi, en) = (
                format!("có {count} trường, nhiều nhất {FIELDS_MAX}"),
                format!("has {count} fields; at most {FIELDS_MAX} are allowed"),
            );
            self.add("/search", vi, en);
        }
        for (place, names) in listed.iter().take(FIELDS_MAX).enumerate() {
            self.text_field(&procedure.form, &format!("/search/{place}"), names);
        }
    }

    /// Checks the channels that are open only during an outage of other channels.
    fn only_in_outage(&mut self, Procedure { channels, only_in_outage, .. }: &Procedure) {
        self.once("/only_in_outage", only_in_outage);
        for (place, channel) in only_in_outage.iter().enumerate() {
            if !channels.contains(channel) {
                let (vi, en) =
                    ("không nằm trong `channels`", "the channel is not among `channels`");
                self.add(&format!("/only_in_outage/{place}"), vi, en);
            }
        }
        let every = !channels.is_empty() && channels.iter().all(|c| only_in_outage.contains(c));
        if every {
            let (vi, en) = (
                "mọi hình thức đều chỉ mở khi có sự cố: ngoài sự cố không ai nộp được",
                "names every channel: outside an outage no dossier could be submitted",
            );
            self.add("/only_in_outage", vi, en);
        }
    }

    fn identity(&mut self, procedure: &Procedure) {
        let Procedure { issued, effective, agency, channels, .. } = procedure;
        self.day("/issued", *issued);
        let calendars = self.periods_under(agency).calendars;
        // The latest local day among the agencies to which it applies.
        let today = calendars.iter().map(|calendar| calendar.date_of(self.now)).max();
        if let Some(today) = today.filter(|today| issued > today) {
            let (vi, en) = (
                format!("ngày ban hành ở sau hôm nay ({today})"),
                format!("the day of issue lies after today ({today})"),
            );
            self.add("/issued", vi, en);
        }
        self.days("/effective", *effective);
        if calendars.is_empty() {
            let (vi, en) =
                (format!("không có cơ quan `{agency}`"), format!("no agency under `{agency}`"));
            self.add("/agency", vi, en);
        }
        if channels.is_empty() {
            let (vi, en) = ("không ai nộp được hồ sơ", "is empty: no dossier could be submitted");
            self.add("/channels", vi, en);
        }
        self.once("/channels", channels);
        self.only_in_outage(procedure);
        if procedure.level == Level::Full && !channels.contains(&Channel::Online) {
            let (vi, en) = (
                "dịch vụ công toàn trình phải tiếp nhận trực tuyến",
                "`full` is for procedures that are done online, and `channels` does not name it",
            );
            self.add("/level", vi, en);
        }
    }

    fn components(&mut self, procedure: &Procedure) {
        let documents = &procedure.documents;
        self.codes("/documents", "/code", documents.iter().map(|known| known.code.as_str()));
        for (place, component) in documents.iter().enumerate() {
            self.texts(&format!("/documents/{place}/name"), &component.name);
        }
    }

    fn clock(&mut self, by: &Periods<'_>, procedure: &Procedure) {
        let clock = &procedure.clock;
        for (channel, budget) in &clock.budget {
            let at = format!("/clock/budget/{}", name(*channel));
            if !procedure.channels.contains(channel) {
                let (vi, en) =
                    ("không nằm trong `channels`", "the channel is not among `channels`");
                self.add(&at, vi, en);
            }
            self.period(by, &at, *budget);
            if let Some(extension) = &clock.extension {
                let (amount, times) = (extension.budget.amount, extension.times);
                self.extended(by, "/clock/extension/times", (*budget, amount, times));
                if extension.budget.unit != budget.unit {
                    let (vi, en) =
                        ("khác đơn vị của `clock.budget`", "is not in the unit of `clock.budget`");
                    self.add("/clock/extension/budget/unit", vi, en);
                }
            }
        }
        self.supplements(by, clock);
        if let Some(extension) = &clock.extension {
            self.period(by, "/clock/extension/budget", extension.budget);
            self.times("/clock/extension/times", extension.times, 1);
            self.text("/clock/extension/basis", &extension.basis);
        }
        self.times("/clock/redatings_max", clock.redatings_max, 0);
        let (vi, en) = ("không có kênh bưu chính", "nothing comes by post");
        if clock.by_post.is_some() && !procedure.channels.contains(&Channel::Post) {
            self.add("/clock/by_post", vi, en);
        }
        if clock.cut_off.as_ref().is_some_and(|cut_off| *cut_off == CutOff::default()) {
            self.add("/clock/cut_off", "không nêu giờ nào", "names no time");
        }
        if clock.silence.is_some() && clock.budget.is_empty() {
            let (vi, en) =
                ("không có thời hạn nào để im lặng", "there is no period to be silent in");
            self.add("/clock/silence", vi, en);
        }
        self.not_counted(procedure);
    }

    fn supplements(&mut self, by: &Periods<'_>, clock: &ClockRules) {
        self.period(by, "/clock/supplement_window", clock.supplement_window);
        if let Some(times) = clock.supplements_max {
            self.times("/clock/supplements_max", times, 0);
        }
        let Some(after) = clock.after_supplement else { return };
        self.period(by, "/clock/after_supplement", after);
        if clock.supplement != SupplementEffect::Restart {
            let (vi, en) = ("chỉ đi cùng `supplement: restart`", "goes with `supplement: restart`");
            self.add("/clock/after_supplement", vi, en);
        }
        if clock.budget.values().any(|budget| budget.unit != after.unit) {
            let (vi, en) =
                ("khác đơn vị của `clock.budget`", "is not in the unit of `clock.budget`");
            self.add("/clock/after_supplement/unit", vi, en);
        }
    }

    fn not_counted(&mut self, procedure: &Procedure) {
        let (clock, fees) = (&procedure.clock, &procedure.fees);
        self.once("/clock/not_counted", &clock.not_counted);
        for (place, reason) in clock.not_counted.iter().enumerate() {
            let at = format!("/clock/not_counted/{place}");
            match reason {
                NotCounted::Consultation if procedure.review.consultation.is_none() => {
                    let (vi, en) = (
                        "thiếu `review.consultation` là thời hạn lấy ý kiến",
                        "needs `review.consultation`, the time that a consulted agency has",
                    );
                    self.add(&at, vi, en);
                }
                NotCounted::Fee if fees.due != Some(FeeDue::AfterAcceptance) => {
                    let (vi, en) = (
                        "phí không phải nộp sau khi tiếp nhận",
                        "no fee is owed after the acceptance",
                    );
                    self.add(&at, vi, en);
                }
                NotCounted::Consultation | NotCounted::Verification | NotCounted::Fee => {}
            }
        }
        if clock.start == ClockStart::FeeReceived && fees.due.is_none() {
            let (vi, en) =
                ("thủ tục không có phí", "the clock starts with a fee, but there is none");
            self.add("/clock/start", vi, en);
        }
    }

    fn review(&mut self, by: &Periods<'_>, procedure: &Procedure) {
        let review = &procedure.review;
        let activities = &review.activities;
        self.codes("/review/activities", "/code", activities.iter().map(|known| &*known.code));
        for (place, Activity { name, role, budget, .. }) in activities.iter().enumerate() {
            let at = format!("/review/activities/{place}");
            self.texts(&format!("{at}/name"), name);
            if *role != Role::Reviewer {
                let (vi, en) = ("chỉ `reviewer` làm được bước này", "only a `reviewer` can do it");
                self.add(&format!("{at}/role"), vi, en);
            }
            self.periods_of(by, [(&*format!("{at}/budget"), *budget)]);
        }
        self.periods_of(by, [("/review/consultation", review.consultation)]);
        let Some(rule) = &review.automatic else { return };
        if rule.when.is_empty() {
            let (vi, en) = (
                "không có điều kiện: mọi hồ sơ sẽ được quyết định tự động",
                "is empty: every dossier would be decided without an officer",
            );
            self.add("/review/automatic/when", vi, en);
        }
        for (place, condition) in rule.when.iter().enumerate() {
            self.condition(&format!("/review/automatic/when/{place}"), procedure, condition);
        }
    }

    fn condition(&mut self, at: &str, procedure: &Procedure, condition: &Condition) {
        let Condition { field, one_of, at_least, at_most, confirmed_by } = condition;
        self.public_field(&procedure.public, &format!("{at}/field"), field);
        if let Some(list) = confirmed_by {
            self.public_field(&procedure.public, &format!("{at}/confirmed_by/code"), &list.code);
        }
        let number = at_least.is_some() || at_most.is_some();
        if one_of.is_none() && !number && confirmed_by.is_none() {
            self.add(at, "không kiểm tra gì", "tests nothing");
        }
        if let Some(values) = one_of {
            if values.is_empty() {
                self.add(&format!("{at}/one_of"), "không bao giờ đúng", "can never hold");
            }
            self.once(&format!("{at}/one_of"), values);
        }
        if let (Some(least), Some(most)) = (at_least, at_most)
            && least > most
        {
            self.add(&format!("{at}/at_most"), "không bao giờ đúng", "can never hold");
        }
    }

    fn result(&mut self, by: &Periods<'_>, procedure: &Procedure) {
        let (result, delivery) = (&procedure.result, &procedure.delivery);
        if result.code.is_none() != delivery.is_empty() {
            let (vi, en) = (
                "phải đi cùng `result.code`",
                "goes with `result.code`, neither without the other",
            );
            self.add("/delivery", vi, en);
        }
        self.once("/delivery", delivery);
        if let Some(code) = &result.code {
            self.code("/result/code", code);
        }
        self.periods_of(by, [("/result/validity", result.validity)]);
        if let Some(renewal) = &result.renewal {
            if result.validity.is_none() {
                let (vi, en) = ("kết quả không hết hạn", "is for a result that expires");
                self.add("/result/renewal", vi, en);
            }
            self.working_days_back(by, "/result/renewal/ask_before", renewal.ask_before);
            self.period(by, "/result/renewal/decide_within", renewal.decide_within);
            self.period(by, "/result/renewal/validity", renewal.validity);
            self.times("/result/renewal/times", renewal.times, 1);
            self.text("/result/renewal/basis", &renewal.basis);
        }
        self.duties(by, procedure);
    }

    fn duties(&mut self, by: &Periods<'_>, procedure: &Procedure) {
        let duties = &procedure.result.duties;
        if !duties.is_empty() && procedure.result.code.is_none() {
            let (vi, en) = ("thiếu `result.code`", "is for procedures with a `result.code`");
            self.add("/result/duties", vi, en);
        }
        self.codes("/result/duties", "/code", duties.iter().map(|duty| &*duty.code));
        for (place, duty) in duties.iter().enumerate() {
            let at = format!("/result/duties/{place}");
            self.texts(&format!("{at}/name"), &duty.name);
            self.text(&format!("{at}/basis"), &duty.basis);
            self.period(by, &format!("{at}/budget"), duty.budget);
            if let Some(field) = &duty.field {
                let form = (&procedure.form, &procedure.public[..]);
                self.date_field(form, &format!("{at}/field"), field);
            }
            let Some(after) = &duty.after else { continue };
            if !duties.iter().take(place).any(|earlier| earlier.code == *after) {
                let (vi, en) = (
                    format!("`{after}` không nằm trong các nghĩa vụ trước đó"),
                    format!("`{after}` is not among the duties before it"),
                );
                self.add(&format!("{at}/after"), vi, en);
            }
            if duty.field.is_some() {
                self.add(
                    &at,
                    "tính từ hai thứ: `field` và `after`",
                    "counts from two things: `field` and `after`",
                );
            }
        }
    }
}

/// The channel's name in files.
pub(super) fn name(channel: Channel) -> String {
    let written = serde_json::to_value(channel).unwrap_or_default();
    written.as_str().unwrap_or_default().to_owned()
}
