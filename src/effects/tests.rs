use super::*;
use crate::json::json;

fn told(trace: Option<&str>, is_heard: bool) -> Vec<Effect> {
    let work = |effects: Effects| async move {
        effects.event(Happening::Sync, || json!({ "id": "x" }));
        let before = effects.follow("another".to_owned());
        effects.event(Happening::Step, || json!({}));
        effects.follow(before);
        effects.event(Happening::Poll, || json!({}));
        Ok(effects.trace())
    };
    let mut task = Task::new(work);
    task.observe(trace.map(str::to_owned), is_heard);
    match task.step(StepInput { now: 5, seed: 7, answers: Vec::new() }) {
        Step::Effects(effects) => effects.into_iter().map(|outgoing| outgoing.effect).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn events_carry_time_kind_and_the_trace_of_their_cause() {
    let texts = |effects: Vec<Effect>| -> Vec<Value> {
        effects
            .into_iter()
            .map(|e| if let Effect::Event(event) = e { Value::Object(event) } else { Value::Null })
            .collect()
    };
    assert_eq!(
        texts(told(Some("given"), true)),
        [
            json!({ "id": "x", "at": 5, "trace": "given", "kind": "sync" }),
            json!({ "at": 5, "trace": "another", "kind": "step" }),
            json!({ "at": 5, "trace": "given", "kind": "poll" }),
        ]
    );
    let made = texts(told(None, true));
    let trace = made[0].get("trace").and_then(Value::as_str).unwrap();
    assert!(trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(made[0].get("trace"), made[2].get("trace"));
}

#[test]
fn nothing_is_told_where_nobody_listens() {
    assert_eq!(told(Some("given"), false), []);
}
