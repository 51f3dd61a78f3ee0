//! Procedures generated from a seed, with all fields of the law in combinations that no shipped
//! procedure has.

use anyhow::Result;
use program::Dice;
use serde_json::{Value, json};

use crate::procedures::Subject;

/// The procedure of a seed.
pub fn generated(seed: u64) -> Result<Subject> {
    let mut dice = Dice::new(seed);
    let text = procedure(&mut dice, seed).to_string();
    Subject::of_text(&format!("generated {seed}"), text)
}

fn one_of<T: Clone>(dice: &mut Dice, all: &[T]) -> T {
    let place = usize::try_from(dice.below(all.len() as u64)).unwrap_or(0);
    all[place].clone()
}

fn name(text: &str) -> Value {
    json!({ "vi": text, "en": text })
}

fn budget(dice: &mut Dice) -> Value {
    let unit =
        one_of(dice, &["working_hours", "working_days", "calendar_days", "months", "same_day"]);
    let amount = match unit {
        "same_day" => 1,
        "months" => 1 + dice.below(6),
        _ => 1 + dice.below(20),
    };
    json!({ "amount": amount, "unit": unit })
}

fn maybe(
    dice: &mut Dice,
    chance: u64,
    into: &mut Value,
    field: &str,
    value: impl FnOnce(&mut Dice) -> Value,
) {
    if dice.percent(chance) {
        into[field] = value(dice);
    }
}

fn procedure(dice: &mut Dice, seed: u64) -> Value {
    let all = ["online", "counter", "post"];
    let mut channels: Vec<&str> = all.into_iter().filter(|_| dice.percent(70)).collect();
    if channels.is_empty() {
        channels.push("online");
    }
    let with_result = dice.percent(75);
    let fees = fees(dice);
    let mut made = json!({
        "code": format!("GEN.{seed}"), "version": 1, "issued": "2026-01-01",
        "effective": { "from": "2026-01-01" }, "legal_basis": "made up", "name": name("Made up"),
        "agency": "G02", "level": if channels.contains(&"online") { "full" } else { "partial" },
        "channels": channels, "form": form(),
        "public": ["/day", "/amount", "/kind"],
        "documents": [
            { "code": "letter", "name": name("Letter"), "required": true },
            { "code": "annex", "name": name("Annex"), "required": false },
        ],
        "intake": intake(dice), "clock": clock(dice, &channels, &fees), "review": review(dice),
        "result": if with_result { result(dice) } else { json!({}) },
    });
    // Paper filing during outages of online filing.
    if channels.contains(&"online") {
        let others: Vec<&str> = channels.iter().copied().filter(|one| *one != "online").collect();
        if !others.is_empty() {
            maybe(dice, 40, &mut made, "only_in_outage", |dice| json!([one_of(dice, &others)]));
        }
    }
    if with_result {
        let mut ways: Vec<&str> =
            ["download", "collection", "post"].into_iter().filter(|_| dice.percent(70)).collect();
        if ways.is_empty() {
            ways.push("collection");
        }
        made["delivery"] = json!(ways);
    }
    if !fees.is_null() {
        made["fees"] = fees;
    }
    if made["clock"]["not_counted"]
        .as_array()
        .is_some_and(|all| all.contains(&json!("consultation")))
    {
        made["review"]["consultation"] = budget(dice);
    }
    made
}

fn form() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
        "required": ["day"],
        "properties": {
            "day": { "type": "string", "format": "date" },
            "amount": { "type": "integer" },
            "kind": { "enum": ["easy", "hard"] },
        },
    })
}

fn fees(dice: &mut Dice) -> Value {
    if dice.percent(35) {
        return Value::Null;
    }
    let amounts = [1, 7, 1_000, 30_000, 5_000_000, 1_000_000_000];
    let line = |dice: &mut Dice, rule: &str| {
        let mut line = json!({
            "rule": rule, "kind": one_of(dice, &["phi", "le_phi"]), "name": name("Fee"),
            "amount": one_of(dice, &amounts), "effective": { "from": "2026-01-01" }, "basis": "made up",
        });
        maybe(dice, 20, &mut line, "channels", |_| json!(["online"]));
        maybe(
            dice,
            20,
            &mut line,
            "effective",
            |_| json!({ "from": "2026-01-01", "to": "2026-10-06" }),
        );
        line
    };
    let mut lines = vec![line(dice, "first")];
    if dice.percent(40) {
        lines.push(line(dice, "second"));
    }
    let mut fees = json!({
        "due": one_of(dice, &["at_filing", "after_acceptance"]), "window": budget(dice), "lines": lines,
        "kept": one_of(dice, &["after_acceptance", "always", "never"]),
    });
    maybe(dice, 50, &mut fees, "reductions", |dice| {
        let percent = one_of(dice, &[1, 33, 50, 100]);
        json!([{
            "rule": "less", "percent": percent, "of": ["phi", "le_phi"], "effective": { "from": "2026-01-01" },
            "groups": if dice.percent(60) { json!(["digital_citizen"]) } else { json!([]) }, "basis": "made up",
            "agencies": one_of(dice, &[json!([]), json!(["G02.001"]), json!(["G02.002"])]),
        }])
    });
    fees
}

fn intake(dice: &mut Dice) -> Value {
    let mut intake = json!({ "automatic": dice.percent(25) });
    maybe(dice, 60, &mut intake, "answer", budget);
    maybe(
        dice,
        25,
        &mut intake,
        "ahead",
        |dice| json!({ "field": "/day", "working_days": dice.below(20), "basis": "made up" }),
    );
    intake
}

fn clock(dice: &mut Dice, channels: &[&str], fees: &Value) -> Value {
    let mut starts = vec!["submitted", "accepted", "complete"];
    let mut not_counted = vec!["consultation", "verification"];
    if !fees.is_null() {
        starts.push("fee_received");
        if fees["due"] == "after_acceptance" {
            not_counted.push("fee");
        }
    }
    let unit = one_of(dice, &["working_hours", "working_days", "calendar_days", "months"]);
    let in_unit = |dice: &mut Dice| json!({ "amount": 1 + dice.below(15), "unit": unit });
    let supplement = one_of(dice, &["pause", "restart"]);
    let mut clock = json!({
        "start": one_of(dice, &starts), "supplement": supplement, "supplement_window": budget(dice),
        "redatings_max": dice.below(3),
    });
    let mut budgets = json!({});
    for channel in channels {
        maybe(dice, 85, &mut budgets, channel, in_unit);
    }
    clock["budget"] = budgets;
    let by_post = if channels.contains(&"post") { 60 } else { 0 };
    maybe(dice, by_post, &mut clock, "by_post", |dice| {
        json!(one_of(dice, &["envelope", "waybill", "hand_over_record"]))
    });
    maybe(dice, 30, &mut clock, "cut_off", |dice| {
        let mut cut_off = json!({ "at": "15:00", "last_hour": dice.percent(50) });
        maybe(dice, 60, &mut cut_off, "weekdays", |dice| {
            let day = one_of(dice, &["monday", "tuesday", "friday", "saturday"]);
            json!({ day: one_of(dice, &["08:30", "11:00", "16:30"]) })
        });
        cut_off
    });
    if supplement == "restart" {
        maybe(dice, 40, &mut clock, "after_supplement", in_unit);
    }
    maybe(dice, 50, &mut clock, "not_counted", |dice| {
        let some: Vec<&str> = not_counted.iter().copied().filter(|_| dice.percent(60)).collect();
        json!(some)
    });
    maybe(dice, 60, &mut clock, "supplements_max", |dice| json!(dice.below(3)));
    maybe(
        dice,
        50,
        &mut clock,
        "extension",
        |dice| json!({ "budget": in_unit(dice), "times": 1 + dice.below(3), "basis": "made up" }),
    );
    maybe(dice, 25, &mut clock, "silence", |dice| json!(one_of(dice, &["approved", "refused"])));
    clock
}

fn review(dice: &mut Dice) -> Value {
    let activities: Vec<Value> = ["first", "second"]
        .into_iter()
        .filter(|_| dice.percent(60))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|code| {
            let mut activity = json!({ "code": code, "name": name(code) });
            maybe(dice, 60, &mut activity, "budget", budget);
            activity
        })
        .collect();
    let mut review = json!({
        "activities": activities, "any_order": dice.percent(30), "four_eyes": dice.percent(60),
    });
    maybe(dice, 50, &mut review, "consultation", budget);
    maybe(dice, 25, &mut review, "automatic", |dice| {
        let condition = one_of(
            dice,
            &[
                json!({ "field": "/kind", "one_of": ["easy"] }),
                json!({ "field": "/amount", "at_least": 0, "at_most": 100 }),
            ],
        );
        json!({ "when": [condition], "outcome": one_of(dice, &["approved", "refused"]) })
    });
    review
}

fn result(dice: &mut Dice) -> Value {
    let mut result = json!({ "code": "KQ.GEN", "document": dice.percent(40) });
    maybe(dice, 50, &mut result, "validity", budget);
    if result.get("validity").is_some() {
        maybe(dice, 60, &mut result, "renewal", |dice| {
            json!({
                "ask_before": dice.below(10), "decide_within": budget(dice), "times": 1 + dice.below(3),
                "validity": budget(dice), "basis": "made up",
            })
        });
    }
    maybe(dice, 50, &mut result, "duties", |dice| {
        let mut first = json!({
            "code": "report", "name": name("Report"), "by": one_of(dice, &["applicant", "agency"]),
            "budget": budget(dice), "basis": "made up",
        });
        maybe(dice, 60, &mut first, "field", |_| json!("/day"));
        let second = json!({
            "code": "after", "name": name("After"), "by": one_of(dice, &["applicant", "agency"]),
            "after": "report", "budget": budget(dice), "basis": "made up",
        });
        json!([first, second])
    });
    result
}
