//! How much of a plan may show. In GHL every tag, note, task and deal can start somebody's workflow, so what is imported is
//! written silently: contact and fields, once for each person. What was not put on the contact is remembered, so that the
//! next live event neither brings it after all nor takes it for written.

use super::{
    person::Person,
    plan::{Action, Circumstances, Known, Plan, Step, plan},
    settings::Mapping,
};
use crate::json::{Map, Set, ToJson, Value};
use crate::{digistore24::Event, words};

words! {
    /// How much of a plan may show.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub enum Manner {
        /// Everything.
        #[default]
        Live = "live",
        /// Contact and fields only.
        Silent = "silent",
        /// Contact, fields and tags.
        Tags = "tags",
    }
}

/// Plans what several events of one person come to: the earlier ones, the oldest first, and the last one. The contact is
/// written once. `now` is about the last one.
pub fn plan_history(mapping: &Mapping, earlier: &[&Event], event: &Event, known: Known, now: &Circumstances) -> Plan {
    let before = known.person(&mapping.tag_prefix);
    let mut known = known;
    let (mut written, mut changes) = (None, Vec::new());
    let then = Circumstances { repeated: false, told: None, ..now.clone() };
    for one in earlier {
        let plan = plan(mapping, one, known, &then);
        fold(&mut written, plan.steps);
        changes.extend(plan.changes);
        known = Known::Person { contact_id: plan.contact_id, person: plan.person };
    }
    now.wants_contact.swap(&then.wants_contact);
    let mut plan = plan(mapping, event, known, now);
    changes.append(&mut plan.changes);
    plan.changes = changes;
    if now.manner == Manner::Live {
        speak(&mut plan, mapping, &before);
        return plan;
    }
    fold(&mut written, std::mem::take(&mut plan.steps));
    plan.asks = false;
    plan.steps.extend(written);
    hush(&mut plan, mapping, &before, now.manner);
    plan
}

/// Puts the writes of a plan to the contact together with those of the plans before it; all else is left out.
fn fold(written: &mut Option<Step>, steps: Vec<Step>) {
    for step in steps {
        let (Action::CreateContact { fields, custom } | Action::UpdateContact { fields, custom }) = &step.action else {
            continue;
        };
        match written.as_mut().map(|step| &mut step.action) {
            Some(
                Action::CreateContact { fields: sum, custom: custom_sum }
                | Action::UpdateContact { fields: sum, custom: custom_sum },
            ) => {
                sum.extend(fields.clone());
                custom_sum.extend(custom.clone());
            }
            _ => *written = Some(step),
        }
    }
}

/// A live event of somebody who was imported: tags that were never put on can't be taken off, and those that the vendor gave a
/// product stay off as its own tag does; an import doesn't know them.
fn speak(plan: &mut Plan, mapping: &Mapping, before: &Person) {
    let Plan { person, steps, .. } = plan;
    // What a rule asks for now is no longer withheld.
    let mut silent = person.withheld.clone();
    if silent.is_empty() {
        return;
    }
    for item in person.orders.iter().flat_map(|order| &order.items) {
        let own = item.product_id.as_ref().map(|id| [&mapping.tag_prefix, "p-", id].concat());
        if own.is_some_and(|own| before.withheld.contains(&own)) {
            silent.extend(item.tags.iter().filter(|tag| !before.tags.contains(tag)).cloned());
        }
    }
    steps.retain_mut(|step| match &mut step.action {
        Action::RemoveTags { tags } | Action::AddTags { tags } => {
            tags.retain(|tag| !silent.contains(tag));
            !tags.is_empty()
        }
        _ => true,
    });
    silent.retain(|tag| person.tags.contains(tag));
    person.withheld = silent;
}

fn hush(plan: &mut Plan, mapping: &Mapping, before: &Person, manner: Manner) {
    let imported = format!("{}import", mapping.tag_prefix);
    let person = &mut plan.person;
    let wanted = person.tags.clone();
    let mut missing: Set = Set::new();
    missing.extend(wanted.iter().filter(|tag| !before.tags.contains(tag)).cloned());
    missing.extend(before.withheld.iter().filter(|tag| wanted.contains(tag)).cloned());
    missing.remove(&imported);
    if manner == Manner::Tags {
        person.withheld = Set::new();
        let gone = before.tags.iter().filter(|tag| !wanted.contains(tag) && !before.withheld.contains(tag));
        let gone: Vec<String> = gone.filter(|tag| **tag != imported).cloned().collect();
        if !gone.is_empty() {
            plan.steps
                .push(Step { why: "no item earns them any more".into(), action: Action::RemoveTags { tags: gone } });
        }
        if !missing.is_empty() {
            let tags = missing.iter().cloned().collect();
            plan.steps.push(Step { why: "asked for by the import".into(), action: Action::AddTags { tags } });
        }
    } else {
        person.withheld = missing;
        // What should go stays on the contact until the next live event.
        person.tags.extend(before.tags.iter().filter(|tag| !before.withheld.contains(tag)).cloned());
    }
    if let Some(Step { why, action: Action::CreateContact { fields, .. } }) = plan.steps.first_mut() {
        *why = "imported: no contact has this e-mail address".into();
        mark(fields, &imported);
        person.tags.insert(imported);
    }
}

/// The one tag that may stand in the body of a creation: it says that this was an import, to every workflow that looks.
fn mark(fields: &mut Map, imported: &str) {
    fields.insert("source".into(), Value::from("Digistore24 import"));
    fields.insert("tags".into(), [imported.to_owned()].to_json());
}
