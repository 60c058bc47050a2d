use super::super::decode;
use crate::catalog;
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::json::{Value, json};
use proptest::prelude::*;

fn decoded(id: &str, status: u16, body: &str) -> Result<Value> {
    let headers = Vec::new();
    decode(&catalog::find(id).unwrap(), &Response { status, headers, body: body.to_owned() })
}

fn answer(status: u16, body: Value) -> Error {
    decoded("ghl.contacts.createContact", status, &body.to_string()).unwrap_err()
}

const READ: &str = "ghl.contacts.getContact";
const CREATE: &str = "ghl.contacts.createContact";
const DEAL: &str = "ghl.opportunities.createOpportunity";

/// Operation, status, body, and what becomes of it.
const TABLE: &[(&str, u16, &str, Code)] = &[
    // The six shapes.
    (READ, 400, r#"{"statusCode":400,"message":"Bad Request"}"#, Code::InvalidInput),
    (
        READ,
        401,
        r#"{"statusCode":401,"message":"Invalid token: access token is invalid","error":"Unauthorized"}"#,
        Code::Unauthenticated,
    ),
    (
        CREATE,
        422,
        r#"{"statusCode":422,"message":["Unprocessable Entity"],"error":"Unprocessable Entity"}"#,
        Code::InvalidInput,
    ),
    (
        READ,
        403,
        r#"{"statusCode":403,"message":"You do not have permission to access this resource","error":"Forbidden"}"#,
        Code::Forbidden,
    ),
    (READ, 404, r#"{"status":404,"message":"Order not found","name":"HttpException","traceId":"t"}"#, Code::NotFound),
    (
        READ,
        400,
        r#"{"error":{"code":"INVALID_ARGUMENT","message":"pageSize is odd","details":[],"resolution":"x"}}"#,
        Code::InvalidInput,
    ),
    (READ, 404, r#"{"error":{"code":"NOT_FOUND","message":"x","details":[],"resolution":"x"}}"#, Code::NotFound),
    (CREATE, 400, r#"{"error":{"code":"ALREADY_EXISTS","message":"It already exists"}}"#, Code::Duplicate),
    // "Not found" as 400, by its words or by the body's own status.
    (READ, 400, r#"{"statusCode":400,"message":"Contact with id abc not found"}"#, Code::NotFound),
    (READ, 400, r#"{"message":["Contact with id abc not found"]}"#, Code::NotFound),
    (READ, 400, r#"{"message":"The contact does not exist"}"#, Code::NotFound),
    (READ, 400, r#"{"statusCode":404,"message":"no contact"}"#, Code::NotFound),
    (READ, 422, r#"{"status":404,"message":"no contact"}"#, Code::NotFound),
    (
        READ,
        404,
        r#"{"statusCode":404,"message":"Conversation id, contact id, workflow id, or campaign id not given"}"#,
        Code::NotFound,
    ),
    (READ, 404, r#"{"message":"Cannot GET /contacts/x/y","error":"Not Found","statusCode":404}"#, Code::NotFound),
    (READ, 410, "", Code::NotFound),
    // Duplicates.
    (
        CREATE,
        400,
        r#"{"statusCode":400,"message":"This location does not allow duplicated contacts.","meta":{"contactId":"c1"}}"#,
        Code::Duplicate,
    ),
    (
        DEAL,
        400,
        r#"{"statusCode":400,"message":"Can not create duplicate opportunity for the contact.","code":"OPPORTUNITY_NO_DUPLICATE","meta":{"existingId":"o1"}}"#,
        Code::Duplicate,
    ),
    (
        DEAL,
        400,
        r#"{"statusCode":400,"message":"x","code":"OPPORTUNITY_NO_DUPLICATE","meta":{"existingId":"o1"}}"#,
        Code::Duplicate,
    ),
    (CREATE, 400, r#"{"message":"Conversation for this contact already exists!"}"#, Code::Duplicate),
    (CREATE, 409, r#"{"message":"tag already exists"}"#, Code::Duplicate),
    // What the account may not do.
    (READ, 402, r#"{"message":"Payment Required"}"#, Code::Forbidden),
    (READ, 403, r#"{"message":"Upgrade to the Agency Pro plan to use this"}"#, Code::Forbidden),
    (READ, 403, r#"{"message":"The token does not have access to this location."}"#, Code::Forbidden),
    (READ, 403, "", Code::Forbidden),
    // Refused input.
    (
        CREATE,
        400,
        r#"{"message":"Invalid field contact_name","error":"Bad Request","statusCode":400,"traceId":"t"}"#,
        Code::InvalidInput,
    ),
    (CREATE, 422, r#"{"message":["property nickname should not exist"]}"#, Code::InvalidInput),
    (CREATE, 413, "", Code::InvalidInput),
    (CREATE, 415, "", Code::InvalidInput),
    // The rate.
    (READ, 429, r#"{"statusCode":429,"message":"Too Many Requests"}"#, Code::RateLimited),
    (READ, 429, "slow down", Code::RateLimited),
    // Failures of the service.
    (READ, 408, "", Code::Unavailable),
    (READ, 500, r#"{"statusCode":404,"message":"not found"}"#, Code::Unavailable),
    (READ, 502, "<html>", Code::Unavailable),
    (CREATE, 502, "<html>", Code::OutcomeUnknown),
    (CREATE, 504, "", Code::OutcomeUnknown),
    // Elsewhere.
    (READ, 301, "", Code::Misconfigured),
    (CREATE, 307, "", Code::Misconfigured),
    (READ, 0, "", Code::Misconfigured),
    (READ, 418, "{}", Code::MalformedResponse),
    (READ, 999, "", Code::MalformedResponse),
    // A success that is none.
    (READ, 200, "", Code::MalformedResponse),
    (CREATE, 201, " \n", Code::MalformedResponse),
    (READ, 200, "<html>", Code::MalformedResponse),
    (READ, 200, "OK", Code::MalformedResponse),
    (READ, 200, "null", Code::MalformedResponse),
    (READ, 200, "\"text\"", Code::MalformedResponse),
    (READ, 200, "7", Code::MalformedResponse),
    (READ, 200, r#"[{"id":"c1"}]"#, Code::MalformedResponse),
    (READ, 200, r#"{"contact":{"id":"c1""#, Code::MalformedResponse),
    (READ, 200, r#"{"contact":{}} trailing"#, Code::MalformedResponse),
    (READ, 200, r#"{"statusCode":404,"message":"Contact not found"}"#, Code::NotFound),
    (CREATE, 200, r#"{"statusCode":500,"message":"x"}"#, Code::OutcomeUnknown),
];

#[test]
fn every_documented_answer_has_its_code_and_a_help() {
    for (operation, status, body, code) in TABLE {
        let error = decoded(operation, *status, body).unwrap_err();
        assert_eq!(error.code(), *code, "{operation} {status} {body}");
        assert_eq!(error.details().status, Some(*status));
        assert!(error.details().help.len() > 20, "{body}");
    }
}

#[test]
fn refusals_that_look_alike_have_help_of_their_own() {
    let help = |status, message: &str| answer(status, json!({ "message": message })).details().help.clone();
    let said = ["You do not have permission", "does not have access to this location", "Upgrade your plan"];
    let forbidden: std::collections::BTreeSet<String> = said.iter().map(|message| help(403, message)).collect();
    assert_eq!(forbidden.len(), 3);
}

#[test]
fn a_duplicate_deal_names_the_existing_one() {
    let body = json!({
        "statusCode": 400, "message": "Can not create duplicate opportunity for the contact.",
        "code": "OPPORTUNITY_NO_DUPLICATE", "meta": { "existingId": "o7" }
    });
    let error = decoded(DEAL, 400, &body.to_string()).unwrap_err();
    assert_eq!((error.code(), error.details().existing_id.as_deref()), (Code::Duplicate, Some("o7")));
}

#[test]
fn the_trace_of_the_service_is_kept() {
    let error = answer(404, json!({ "status": 404, "message": "Order not found", "traceId": "t1" }));
    assert_eq!(error.details().cause.as_deref(), Some("traceId t1"));
}

#[test]
fn every_meaning_of_401_is_told_apart() {
    let scope = answer(401, json!({ "statusCode": 401, "message": "The token is not authorized for this scope." }));
    assert_eq!(
        (scope.code(), scope.details().missing_scopes.as_slice()),
        (Code::Forbidden, &["contacts.write".to_owned()][..])
    );
    assert_eq!(answer(401, json!({ "message": "Invalid JWT" })).code(), Code::Unauthenticated);
    assert_eq!(answer(401, json!({ "message": "version header was not found." })).code(), Code::Misconfigured);
}

#[test]
fn a_change_may_be_answered_with_nothing() {
    assert_eq!(decoded("ghl.contacts.deleteContact", 200, "").unwrap(), json!({}));
    assert_eq!(decoded(READ, 204, "").unwrap(), json!({}));
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

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200), status in 0u16..1000) {
        for operation in [READ, CREATE, "ghl.custom.request"] {
            let _ = decoded(operation, status, &String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn no_body_breaks_it_and_nothing_said_is_repeated(
        status in 0u16..1000,
        own in any::<u16>(),
        word in "(not found|duplicate|already exists|plan|scope|version|must be a string|should not exist)?",
        shape in 0usize..6,
    ) {
        let message = format!("zquxq@x {word} zquxq");
        let body = match shape {
            0 => json!({ "statusCode": own, "message": message }),
            1 => json!({ "status": own, "message": [message, own], "meta": { "contactId": own, "matchingField": message } }),
            2 => json!({ "error": { "code": message, "message": message, "details": [message] } }),
            3 => json!({ "message": { "a": message }, "error": [message], "meta": message }),
            4 => json!([message, own]),
            _ => json!(message),
        };
        match decoded(READ, status, &body.to_string()) {
            Ok(body) => prop_assert!((200..300).contains(&status) && body.is_object()),
            Err(error) => prop_assert!(!error.to_json().to_string().contains("zquxq"), "{}", error.to_json()),
        }
    }

    #[test]
    fn what_is_cut_off_is_never_a_success(cut in 0usize..1000) {
        let whole = json!({ "contact": { "id": "c1", "tags": ["a", "ß"], "customFields": [{ "id": "f", "value": 1.5 }] } });
        let whole = whole.to_string();
        let cut = String::from_utf8_lossy(&whole.as_bytes()[..cut % whole.len()]).into_owned();
        prop_assert_eq!(decoded(READ, 200, &cut).unwrap_err().code(), Code::MalformedResponse);
    }
}
