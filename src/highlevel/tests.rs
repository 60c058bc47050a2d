use super::*;
use crate::catalog;
use crate::json::json;

fn account() -> Account {
    Account {
        auth: Auth::PrivateIntegration { token: Secret::new("pit-secret") },
        location_id: "loc1".into(),
        base_url: "https://example.test/".into(),
        scopes: Vec::new(),
    }
}

fn request(id: &str, input: Value) -> Request {
    let operation = catalog::find(id).unwrap();
    let input = operation.accept(input, Some("loc1")).unwrap();
    encode(&operation, &account(), &input).unwrap()
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
