use super::*;
use crate::catalog;
use crate::json::json;

fn account() -> Account {
    Account {
        auth: Auth::PrivateIntegration { token: Secret::new("pit-secret") },
        location_id: "loc1".into(),
        base_url: "https://example.test/".into(),
    }
}

fn request(id: &str, input: Value) -> Request {
    let operation = catalog::find(id).unwrap();
    let input = operation.accept(input, Some("loc1")).unwrap();
    encode(&operation, &account(), &input).unwrap()
}

fn answer(status: u16, body: Value) -> Error {
    let operation = catalog::find("ghl.contacts.createContact").unwrap();
    decode(&operation, &Response { status, headers: vec![], body: body.to_string() }).unwrap_err()
}

#[test]
fn a_delete_carries_its_body() {
    let request = request("ghl.contacts.removeTags", json!({ "contactId": "a/b", "tags": ["vip"] }));
    assert_eq!(request.url, "https://example.test/contacts/a%2Fb/tags");
    assert_eq!(request.body.as_deref(), Some(r#"{"tags":["vip"]}"#));
    assert!(request.headers.contains(&("version".into(), "2021-07-28".into())));
    assert!(request.headers.contains(&("authorization".into(), "Bearer pit-secret".into())));
}

#[test]
fn a_plus_in_an_address_is_escaped_and_the_location_filled_in() {
    let request = request("ghl.contacts.getDuplicateContact", json!({ "email": "a+b@example.com" }));
    assert_eq!(request.url, "https://example.test/contacts/search/duplicate?email=a%2Bb%40example.com&locationId=loc1");
    assert_eq!(request.body, None);
}

#[test]
fn every_shape_of_error_is_understood() {
    let missing = answer(400, json!({ "statusCode": 400, "message": "Contact with id abc not found" }));
    assert_eq!(missing.code(), Code::NotFound);
    let other =
        answer(404, json!({ "status": 404, "message": "Order not found", "name": "HttpException", "traceId": "t1" }));
    assert_eq!((other.code(), other.details().cause.as_deref()), (Code::NotFound, Some("traceId t1")));
    let scope = answer(401, json!({ "statusCode": 401, "message": "The token is not authorized for this scope." }));
    assert_eq!(
        (scope.code(), scope.details().missing_scopes.as_slice()),
        (Code::Forbidden, &["contacts.write".to_owned()][..])
    );
    assert_eq!(answer(401, json!({ "message": "Invalid JWT" })).code(), Code::Unauthenticated);
    assert_eq!(answer(401, json!({ "message": "version header was not found." })).code(), Code::Misconfigured);
    assert_eq!(
        answer(403, json!({ "message": "The token does not have access to this location." })).code(),
        Code::Forbidden
    );
    assert_eq!(answer(502, json!("bad gateway")).code(), Code::OutcomeUnknown);
    assert_eq!(answer(418, json!({})).code(), Code::MalformedResponse);
}

#[test]
fn a_duplicate_names_the_existing_contact() {
    let body = json!({
        "statusCode": 400, "message": "This location does not allow duplicated contacts.",
        "meta": { "contactId": "c9", "contactName": "Jörg", "matchingField": "phone" }
    });
    let error = answer(400, body);
    assert_eq!((error.code(), error.details().existing_id.as_deref()), (Code::Duplicate, Some("c9")));
    assert_eq!(error.details().cause.as_deref(), Some("phone"));
}

#[test]
fn refused_fields_are_named_but_values_are_not_repeated() {
    let body = json!({ "statusCode": 422, "message": ["property nickname should not exist", "Käthe Müller is odd"], "error": "x" });
    let error = answer(422, body);
    assert_eq!(error.details().fields.len(), 1);
    assert_eq!(error.details().fields[0].path, "nickname");
    assert!(!error.to_json().to_string().contains("Käthe"));
}

#[test]
fn what_a_service_says_is_cut_to_what_cannot_be_a_value() {
    let said = json!({ "message": ["email must be an email kaethe@example.de", "kaethe@example.de must be a string", "x y z"] });
    let error = answer(422, said);
    assert_eq!(error.details().fields.len(), 1);
    let meta = json!({ "message": "duplicated contacts", "meta": { "matchingField": "kaethe@example.de", "contactId": "c1" } });
    for error in [error, answer(400, meta)] {
        assert!(!error.to_json().to_string().contains("kaethe"));
    }
}

#[test]
fn a_success_that_is_not_json_is_malformed() {
    let operation = catalog::find("ghl.contacts.createContact").unwrap();
    let response = Response { status: 200, headers: vec![], body: "<html>".into() };
    assert_eq!(decode(&operation, &response).unwrap_err().code(), Code::MalformedResponse);
}
