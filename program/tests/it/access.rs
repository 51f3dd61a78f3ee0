//! Every route with every role: nothing is open by accident.

use std::collections::BTreeSet;

use dossier::access::{May, any};
use dossier::contract::Role;
use dossier::services::ServiceName;
use http::Method;

use crate::support::Office;

const NOBODY: &str = "00000000-0000-0000-0000-000000000001";

/// Method, address and operation of every route of every service.
async fn routes(office: &Office) -> Vec<(Method, String, String, bool)> {
    let mut routes = Vec::new();
    for service in program::services(&office.components).await.unwrap() {
        let document = serde_json::to_value(&service.openapi).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let address = path
                    .replace("{dossier}", NOBODY)
                    .replace("{complaint}", NOBODY)
                    .replace("{outage}", NOBODY)
                    .replace("{agency}", "G02")
                    .replace("{absence}", NOBODY)
                    .replace("{document}", "AAAAAAAAAAAAAAAAAAAAAA")
                    .replace("{code}", "NOBODY")
                    .replace("{kind}/{name}/{version}", "procedure/NOBODY/1");
                let method = method.to_uppercase().parse().unwrap();
                let security = operation["security"].as_array();
                let open = security.is_none_or(Vec::is_empty);
                let name = operation["operationId"].as_str().unwrap().to_owned();
                routes.push((method, address, name, open));
            }
        }
    }
    assert!(routes.len() > 45, "only {} routes", routes.len());
    routes
}

/// Officers who see the whole office.
const OFFICE: &[May] = &[
    any(Role::Clerk),
    any(Role::Reviewer),
    any(Role::Approver),
    any(Role::Auditor),
    any(Role::Operator),
];

/// Who may read payments and books; `None` for a step.
fn of_money(operation: &str) -> Option<&'static [May]> {
    Some(match operation {
        "get_payment" | "get_payment_providers" | "get_payment_reference" => dossier::payment::READ,
        "get_payment_tasks" | "get_till" => dossier::payment::READ_TASKS,
        "get_unmatched_payment_notices" => dossier::payment::READ_UNMATCHED,
        "get_payment_book"
        | "get_payment_books"
        | "get_payment_differences"
        | "get_payment_parity" => dossier::books::READ,
        "get_payment_book_lines" => dossier::books::READ_TEXTS,
        "get_payment_order" => dossier::payment_orders::READ,
        "get_partners"
        | "get_partner_requests"
        | "replay_partner_request"
        | "cancel_partner_request" => dossier::payment::RUN_REQUESTS,
        _ => return None,
    })
}

/// Who may, by the law's own word; queries that are no steps are listed.
fn may(steps: &[dossier::Step], operation: &str) -> Vec<Role> {
    let mays = match operation {
        "get_dossier" => dossier::intake::READ_DOSSIER,
        "get_past_state" => dossier::intake::READ_PAST,
        "get_document" => dossier::intake::READ_CONTENT,
        "get_deadline" | "get_timeline" | "get_obligations" | "get_elapsed" => {
            dossier::intake::READ
        }
        "get_subscribers" | "get_subscriber" | "get_deliveries_to_subscriber" => {
            dossier::exchange::READ
        }
        "get_units" | "get_officers" | "get_absences" | "get_loads" => dossier::directory::READ,
        "bulk_reviews" => &[any(Role::Reviewer), any(Role::Approver)],
        "bulk_dossiers" | "bulk_deliveries" => &[any(Role::Clerk), any(Role::Approver)],
        "get_review" => dossier::review::READ,
        "get_delivery" => dossier::delivery::READ,
        "get_result_document" => dossier::delivery::READ_DOCUMENT,
        "get_result_numbers" => dossier::delivery::READ_NUMBERS,
        "get_unmatched_parcel_notices" => dossier::delivery::UNMATCHED,
        "get_complaint" => dossier::feedback::READ_ESCALATED,
        "get_complaint_deadline" | "get_found_complaints" => dossier::feedback::READ,
        "get_complaint_document" => dossier::feedback::READ_TEXT,
        "get_complaints" => dossier::feedback::LIST,
        "get_complaint_figures" => dossier::feedback::READ_FIGURES,
        "get_complaint_templates" => dossier::feedback::READ_TEMPLATES,
        "get_rating" => dossier::feedback::READ_RATING,
        "get_outages" | "get_outage" => dossier::rules::READ_OUTAGES,
        "get_rules" | "get_rules_version" => dossier::rules::READ,
        "try_what_if" | "get_what_if" | "get_what_if_dossiers" | "cancel_what_if" => {
            dossier::rules::TRY
        }
        "get_dossiers" => dossier::overview::LIST,
        "get_dossier_by_code" => dossier::overview::FIND,
        "get_work" => dossier::overview::READ_WORK,
        "get_statistics"
        | "get_targets"
        | "get_ratings"
        | "get_parcels"
        | "get_counted_dossiers" => OFFICE,
        "export_statistics" => &[any(Role::Approver), any(Role::Auditor), any(Role::Operator)],
        "get_slips" | "get_slip" => dossier::papers::READ_SLIPS,
        "get_label" => dossier::papers::READ_PARCELS,
        "get_parcel_labels" => dossier::papers::PRINT_LABELS,
        "get_parcel_list" => dossier::papers::READ_PARCEL_LISTS,
        "get_receipt" => dossier::payment::READ_TEXTS,
        "get_letter" => dossier::papers::READ_LETTER,
        "get_book" => dossier::papers::READ_BOOK,
        "get_control_slip" => dossier::papers::READ_CONTROL,
        "get_changes" => dossier::changes::FOLLOW,
        "get_labels" | "get_notes" => dossier::notes::READ,
        "get_messages" | "get_message_document" => dossier::notes::READ_MESSAGES,
        "get_mandate" | "get_mandates" | "get_mandate_document" => dossier::mandates::READ,
        "get_credential" | "get_credentials" => dossier::mandates::LIST,
        "get_me" => dossier::access::EVERY_ROLE,
        "batch_dossiers" | "check_dossier" => {
            steps.iter().find(|step| step.name == "submit_dossier").unwrap().may
        }
        "get_reads" | "get_complaint_reads" | "get_mandate_reads" => {
            &[any(Role::Applicant), any(Role::Auditor)]
        }
        "get_reader_reads" => &[any(Role::Auditor)],
        "get_parcel_label" => dossier::delivery::READ_LABEL,
        "upload_document" | "get_upload" => dossier::intake::submit_dossier::UPLOAD,
        other => of_money(other).unwrap_or_else(|| {
            steps.iter().find(|step| step.name == other).unwrap_or_else(|| panic!("{other}")).may
        }),
    };
    mays.iter().map(|may| may.role).collect()
}

#[tokio::test]
async fn every_route_is_open_to_exactly_the_roles_that_the_law_names() {
    let office = Office::open().await;
    let steps: Vec<_> =
        ServiceName::ALL.into_iter().flat_map(ServiceName::steps).copied().collect();
    let mut open = BTreeSet::new();
    for (method, address, operation, is_open) in routes(&office).await {
        let send = async |token: &str| {
            let authorization = format!("Bearer {token}");
            let mut headers = vec![
                ("content-type", "application/json"),
                ("idempotency-key", "walk"),
                ("if-match", "\"1\""),
            ];
            if !token.is_empty() {
                headers.push(("authorization", &authorization));
            }
            office.browser.send(method.clone(), &address, &headers, b"{}".to_vec()).await.unwrap()
        };
        let nobody = send("").await;
        if is_open {
            assert_ne!(nobody.status, 401, "{operation}");
            open.insert(operation);
            continue;
        }
        assert_eq!(nobody.refused(), (401, "token-missing"), "{operation}");
        assert_eq!(send("forged").await.refused(), (401, "token-invalid"), "{operation}");
        let allowed = may(&steps, &operation);
        for role in Role::CALLERS {
            let answer = send(&office.token(role, "walker", "G02")).await;
            let forbidden = answer.status == 403;
            assert_eq!(
                forbidden,
                !allowed.contains(&role),
                "{operation} as {role:?}: {}",
                answer.body
            );
            assert!(answer.status.as_u16() < 500, "{operation} as {role:?}: {}", answer.body);
            assert_ne!(answer.status, 401, "{operation} as {role:?}: {}", answer.body);
        }
    }
    let open: Vec<_> = open.into_iter().collect();
    let expected = [
        "get_agencies",
        "get_code_list",
        "get_complaint_status",
        "get_fee_quote",
        "get_lookup",
        "get_procedure",
        "get_procedures",
        "get_public_figures",
        "get_publication",
        "get_published_answers",
        "get_status_document",
        "quote_dossier",
        // Messages of partners are signed instead.
        "return_from_partner",
        "take_partner_call",
        "take_partner_message",
    ];
    assert_eq!(open, expected, "open without a token");
}
