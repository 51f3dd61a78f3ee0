//! The public catalogue: a portal's first screens, before anybody has logged in.

use dossier::contract::Role;
use dossier::law::{SHIPPED, next_version};
use http::Method;
use serde_json::{Value, json};

use crate::life::take;
use crate::support::Office;

/// Reads without a token.
async fn public(office: &Office, path: &str) -> Value {
    let answer = office.browser.send(Method::GET, path, &[], Vec::new()).await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

fn codes(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_citizen_finds_a_procedure_its_price_and_its_agency_before_logging_in_and_files_it() {
    let mut office = Office::open().await;
    let found = public(&office, "/v1/procedures?q=xuat+xu&channel=online&level=full").await;
    assert_eq!(codes(&found), ["CO.D", "CO.D.REISSUE"], "with and without diacritics");
    assert_eq!(public(&office, "/v1/procedures?q=Xuất+xứ&agency=G02.001").await, {
        public(&office, "/v1/procedures?q=XUAT+XU").await
    });

    let shown = public(&office, "/v1/procedures/CO.D").await;
    let fees = &shown["fees"];
    assert_eq!(fees["due"], "at_filing");
    assert_eq!(fees["window"], json!({ "amount": 15, "unit": "working_days" }));
    assert_eq!(fees["lines"][0]["amount_vnd"], 30_000);
    assert_eq!(fees["lines"][0]["effective"], json!({ "from": "2025-07-01", "to": "2026-12-31" }));
    assert_eq!(fees["reductions"][0]["percent"], 50);
    assert_eq!(shown["groups"], json!(["digital_citizen"]));
    assert_eq!(shown["delivery"], json!(["download", "collection", "post"]));
    assert_eq!(shown["result"]["code"], "KQ.G02.000101");
    assert_eq!(shown["clock_start"], "complete");
    assert_eq!(shown["answer_within"], json!({ "amount": 8, "unit": "working_hours" }));

    let receiving = public(&office, "/v1/agencies?procedure=CO.D").await;
    let receiving = codes(&receiving);
    assert!(receiving.contains(&"G02.001"), "{receiving:?}");
    assert!(receiving.iter().all(|code| code.starts_with("G02")), "{receiving:?}");

    let asked = "/v1/procedures/CO.D/fee?channel=online&agency=G02.001";
    assert_eq!(public(&office, asked).await["total_vnd"], 30_000);
    let quote = public(&office, &format!("{asked}&groups=digital_citizen")).await;
    assert_eq!(quote["total_vnd"], 15_000);
    assert_eq!(quote["lines"][0]["reduction"], "digital-citizen");
    let later = public(&office, &format!("{asked}&at=2027-01-04")).await;
    assert_eq!(later["total_vnd"], 60_000, "the tariff doubles with the new year");

    // What was quoted is what is assessed.
    let certificate = crate::life::submitted(&mut office, "a1", "download").await;
    let payment = office.browser.get(&certificate.at("payments"), &certificate.applicant).await;
    let payment = payment.granted();
    let plain = public(&office, asked).await;
    assert_eq!(payment["lines"], plain["lines"]);
    assert_eq!(payment["total_vnd"], plain["total_vnd"]);
    let clerk = office.clerk();
    let filed = certificate.at("dossiers");
    let early = take(&mut office, &filed, "acceptance", &clerk, json!({})).await;
    assert_eq!(early.refused(), (409, "fee-not-received"));
}

#[tokio::test]
async fn lists_of_the_catalogue_have_pages_and_tags_and_say_what_is_wrong_with_a_question() {
    let office = Office::open().await;
    let whole = public(&office, "/v1/procedures").await;
    let (mut paged, mut path) = (Vec::new(), "/v1/procedures?limit=4".to_owned());
    loop {
        let page = office.browser.send(Method::GET, &path, &[], Vec::new()).await.unwrap();
        let tag = page.header("etag");
        assert_eq!(page.header("cache-control"), "public, max-age=60");
        let again = [("if-none-match", tag.as_str())];
        let again = office.browser.send(Method::GET, &path, &again, Vec::new()).await.unwrap();
        assert_eq!(again.status, 304);
        paged.extend(page.body.as_array().unwrap().clone());
        assert!(page.body.as_array().unwrap().len() <= 4);
        let link = page.header("link");
        let Some((next, _)) = link.trim_start_matches('<').split_once('>') else { break };
        path = next.to_owned();
    }
    assert_eq!(Value::from(paged), whole);

    let sarin = public(&office, "/v1/code-lists/chemicals?q=sarin").await;
    assert!(codes(&sarin).contains(&"107-44-8"), "{sarin}");
    let asked = "/v1/procedures/CO.D/fee?channel=online&agency=G02.001";
    let wrong = [
        ("/v1/procedures?level=4".to_owned(), 400, "level"),
        ("/v1/procedures?channel=fax".to_owned(), 400, "channel"),
        ("/v1/agencies?procedure=NONE".to_owned(), 400, "procedure"),
        (format!("{asked}&groups=nonsense"), 400, "groups"),
        ("/v1/procedures/CO.D/fee?channel=online&agency=H01".to_owned(), 400, "agency"),
    ];
    for (path, status, parameter) in wrong {
        let answer = office.browser.send(Method::GET, &path, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["parameter"], parameter, "{path}: {}", answer.body);
    }
    for path in ["/v1/procedures/NONE/fee?channel=online&agency=G02.001", "/v1/code-lists/none"] {
        let answer = office.browser.send(Method::GET, path, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_portal_draws_every_form_in_the_order_of_its_author_and_in_both_languages() {
    let office = Office::open().await;
    let shown = public(&office, "/v1/procedures/ENERGY.LABEL").await;
    let form = &shown["form"];
    // Not the order of the names.
    assert_eq!(form["x-order"], json!(["company", "product", "model", "stars"]));
    assert_eq!(form["properties"]["company"]["x-order"], json!(["name", "tax_code"]));
    let title = json!({ "vi": "Kiểu loại", "en": "Model" });
    assert_eq!(form["properties"]["model"]["x-title"], title);
    let certificate = public(&office, "/v1/procedures/CO.D").await;
    let properties = &certificate["form"]["properties"];
    assert_eq!(properties["destination"]["x-enum-titles"]["TH"]["vi"], "Thái Lan");
    let goods = &properties["goods"]["items"];
    assert_eq!(goods["x-order"], json!(["description", "hs", "origin_criterion", "quantity"]));

    // What an agency writes into its own version comes first.
    let operator = office.token(Role::Operator, "operator-1", "");
    let (_, text) = SHIPPED.iter().find(|(file, _)| *file == "energy_label.yaml").unwrap();
    let text = next_version(text).replace("{ from: 2026-01-01 }", "{ from: 2026-11-20 }");
    let product = "product: { type: string, minLength: 1, maxLength: 200";
    let own = format!("{product}, x-title: {{ vi: Thiết bị, en: Device }}");
    let wrong = text.replacen(product, &format!("{product}, x-title: Device"), 1);
    let issue = async |text: String| {
        let body = json!({ "kind": "procedure", "text": text });
        office.browser.post("/v1/rules", &operator, "", body).await
    };
    let refused = issue(wrong).await;
    assert_eq!(refused.refused(), (422, "rules-invalid"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/form/properties/product/x-title");
    issue(text.replacen(product, &own, 1)).await.granted();
    let shown = public(&office, "/v1/procedures/ENERGY.LABEL").await;
    assert_eq!(shown["version"], 3, "{shown}");
    let properties = &shown["form"]["properties"];
    assert_eq!(properties["product"]["x-title"], json!({ "vi": "Thiết bị", "en": "Device" }));
    assert_eq!(properties["model"]["x-title"], title);
}
