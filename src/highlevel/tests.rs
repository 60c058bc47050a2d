use super::*;
use crate::catalog;
use crate::json::json;

fn account() -> Account {
    Account {
        auth: Auth::PrivateIntegration { token: Secret::new("pit-secret") },
        location_id: "loc1".into(),
        base_url: "https://example.test/".into(),
        webhooks: Default::default(),
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

#[test]
fn a_body_that_is_no_object_is_the_whole_body() {
    let body = json!([{ "channel": "email", "notificationType": "booked", "receiverType": "contact" }]);
    let request = request("ghl.calendars.createEventNotification", json!({ "calendarId": "c", "body": body }));
    assert_eq!(request.body, Some(body.to_string()));
    assert_eq!(request.url, "https://example.test/calendars/c/notifications");
}

#[test]
fn one_name_in_two_places_has_two_inputs() {
    let input = json!({ "campaignGroupId": "g1", "campaignGroupIdQuery": "g2", "startDate": "a", "endDate": "b" });
    let url = request("ghl.ad-manager.liGetCampaignGroupReporting", input).url;
    let path = "https://example.test/ad-publishing/linkedin/reporting/campaign-group/g1?";
    assert_eq!(url, format!("{path}campaignGroupId=g2&endDate=b&locationId=loc1&startDate=a"));
}

#[test]
fn lists_in_the_query_are_repeated_or_joined_as_the_service_wants() {
    let slots = json!({ "calendarId": "c", "startDate": 1, "endDate": 2, "userIds": ["u&1", "u2"] });
    let url = request("ghl.calendars.getSlots", slots).url;
    assert!(url.ends_with("?endDate=2&startDate=1&userIds=u%261&userIds=u2"), "{url}");
    let report = json!({
        "groupBy": "day", "startDate": "a", "endDate": "b", "type": "AD_MANAGER", "fields": ["clicks", "cpc"],
    });
    let url = request("ghl.ad-manager.fbGetReporting", report).url;
    assert!(url.contains("fields=clicks%2Ccpc&"), "{url}");
}

#[test]
fn a_form_is_encoded_and_has_no_version() {
    let input = json!({ "client_id": "a b", "client_secret": "s&c", "grant_type": "refresh_token" });
    let request = request("ghl.oauth.getAccessToken", input);
    assert_eq!(request.body.as_deref(), Some("client_id=a%20b&client_secret=s%26c&grant_type=refresh_token"));
    let header = |name: &str| request.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header("version"), None);
}

#[test]
fn an_operation_may_have_a_version_of_its_own() {
    let version = |id: &str, input: Value| {
        request(id, input).headers.into_iter().find(|(name, _)| name == "version").map(|(_, value)| value)
    };
    assert_eq!(version("ghl.links.searchTriggerLinks", json!({})), Some("2021-04-15".into()));
    assert_eq!(version("ghl.links.getLinks", json!({})), Some("2021-07-28".into()));
    assert_eq!(version("ghl.funnels.getFunnels", json!({})), None);
}

#[test]
fn some_operations_want_a_body_without_fields_and_some_none_at_all() {
    assert_eq!(request("ghl.calendars.deleteEvent", json!({ "eventId": "e" })).body.as_deref(), Some("{}"));
    assert_eq!(request("ghl.contacts.deleteContact", json!({ "contactId": "c" })).body, None);
    let schedule = request("ghl.calendars.addCalendarToSchedule", json!({ "id": "s", "calendarId": "c" }));
    assert_eq!((schedule.method.as_str(), schedule.body), ("PUT", None));
}

#[test]
fn parts_carry_files_and_texts() {
    let file = json!({ "name": "a.csv", "type": "text/csv", "base64": "YQ==" });
    let request = request("ghl.medias.uploadMediaContent", json!({ "file": file, "hosted": true }));
    let part = |name: &str, value: &str, file: Option<(&str, &str)>| Part {
        name: name.into(),
        value: value.into(),
        file: file.map(|(name, kind)| (name.into(), kind.into())),
    };
    assert_eq!(request.parts, [part("file", "YQ==", Some(("a.csv", "text/csv"))), part("hosted", "true", None)]);
    assert_eq!(request.body, None);
    assert!(!request.headers.iter().any(|(name, _)| name == "content-type"));
}
