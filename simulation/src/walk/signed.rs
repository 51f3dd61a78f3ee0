//! Rules that two persons issue: proposed, rejected, proposed again and signed, and withdrawn
//! before they take effect.

use anyhow::Result;
use dossier::contract::{Role, RulesKind};
use serde_json::{Value, json};

use super::{Finding, Walked};
use crate::procedures::{Subject, bearer};
use crate::world::World;

/// Takes the next versions of a procedure through all their states; a step that is refused is a
/// finding.
pub(super) async fn sign_and_withdraw(subject: &Subject, walked: &mut Walked) -> Result<()> {
    let Some(text) = &subject.issued else { return Ok(()) };
    let mut rules = subject.rules.clone();
    rules.retain(|rules| rules.kind != RulesKind::Procedure);
    let mut world = World::open(rules, 2).await?;
    let version = |number: u32| {
        let mut next: Value = serde_json::from_str(text).unwrap_or_default();
        next["version"] = json!(number);
        if number > 1 {
            // Not yet in force, so that it can be withdrawn.
            next["effective"] = json!({ "from": "2026-12-01" });
        }
        next.to_string()
    };
    let code = subject.procedure.code.as_str();
    let at = |number: u32, step: &str| format!("/v1/rules/procedure/{code}/{number}/{step}");
    let steps = [
        ("operator-1", "/v1/rules".to_owned(), json!({ "kind": "procedure", "text": version(1) })),
        ("operator-2", at(1, "signature"), json!({})),
        ("operator-1", "/v1/rules".to_owned(), json!({ "kind": "procedure", "text": version(2) })),
        ("operator-2", at(2, "rejection"), json!({ "reason": "because" })),
        ("operator-1", "/v1/rules".to_owned(), json!({ "kind": "procedure", "text": version(3) })),
        ("operator-2", at(3, "signature"), json!({})),
        ("operator-1", at(3, "withdrawal"), json!({ "reason": "because" })),
    ];
    let mut path = Vec::new();
    for (who, to, body) in steps {
        let operator = bearer(Role::Operator, who, "");
        let read = to.rsplit_once('/').map_or("", |(resource, _)| resource);
        let etag = if to == "/v1/rules" {
            String::new()
        } else {
            world.office.get(read, operator.clone()).await?.etag()
        };
        let answer = world.post(&to, &operator, &etag, body).await?;
        path.push(format!("{who}: {to}"));
        if !answer.status.is_success() {
            let what = format!("POST {to}: {} {}", answer.status, answer.body);
            walked.findings.push(Finding { what, path });
            break;
        }
        world.office.settle().await?;
    }
    walked.kinds.extend(world.kinds().await?);
    Ok(())
}
