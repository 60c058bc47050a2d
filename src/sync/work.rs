//! A plan under way: how far each step is, and what the steps have brought.

use super::request::{CREATE_DEAL, mark_of, needs_result};
use crate::json::{Json, Map, ToJson, Value, put};
use crate::{
    mapping::{self, Action, OpenTask, Plan, Step},
    record,
};

record! {
    /// A plan under way.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct Work {
        /// What is to be done.
        pub(super) plan: Plan,
        /// How far each step is.
        pub(super) progress: Vec<Progress>,
        /// The contact, once known.
        pub(super) contact_id: Option<String>,
        /// The version of the person's entry that the plan was made from; 0 for a new one.
        pub(super) person_version: u64,
        /// The contact that the person had before it was deleted or merged.
        pub(super) moved_from: Option<String>,
        /// The ledger's key of the message's address, where it stands for somebody else.
        pub(super) others_address: Option<String>,
        /// The keys of the claims on contacts.
        pub(super) claimed: Vec<String>,
        /// What HighLevel is known to say about the contact, with what these writes left.
        pub(super) mirror: Map,
        /// The message became a dead letter on the way: nothing is claimed, and whoever tries it again plans anew.
        pub(super) given_up: bool,
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not begun.
    Todo,
    /// Sent at this time (milliseconds since 1970), answer unknown.
    Sent(u64),
    /// Certainly carried out.
    Done,
}

/// `null`, the time of sending, `true`.
impl ToJson for Progress {
    fn to_json(&self) -> Value {
        match self {
            Self::Todo => Value::Null,
            Self::Sent(at) => Value::from(*at),
            Self::Done => Value::Bool(true),
        }
    }
}

impl Json for Progress {
    fn read(value: Value, ok: &mut bool) -> Self {
        match value {
            Value::Null => Self::Todo,
            Value::Bool(true) => Self::Done,
            other => {
                *ok &= other.is_number();
                Self::Sent(other.as_u64().unwrap_or_default())
            }
        }
    }
}

impl Work {
    pub(super) fn new(plan: Plan, person_version: u64, claimed: Vec<String>) -> Self {
        let progress = plan.steps.iter().map(|_| Progress::Todo).collect();
        let contact_id = plan.contact_id.clone();
        Self {
            plan,
            progress,
            contact_id,
            person_version,
            moved_from: None,
            others_address: None,
            claimed,
            mirror: Map::new(),
            given_up: false,
        }
    }

    /// Whether a step gives the contact another e-mail address.
    pub(super) fn changes_address(&self, index: usize) -> bool {
        let step = self.plan.steps.get(index);
        step.is_some_and(
            |step| matches!(&step.action, Action::UpdateContact { fields, .. } if fields.contains_key("email")),
        )
    }

    /// Leaves an address to the contact that has it: a location may allow duplicates.
    pub(super) fn yield_address(&mut self, index: usize, owner: &str) {
        if let Some(Step { action: Action::UpdateContact { fields, .. }, .. }) = self.plan.steps.get_mut(index)
            && self.contact_id.as_deref() != Some(owner)
        {
            fields.remove("email");
            let remark = "the buyer's new e-mail address belongs to another contact: it is left there";
            self.plan.remarks.push(remark.into());
        }
    }

    /// Takes a tag out of those that will be put on. False: it isn't among them, comes off before, or an earlier try has put
    /// it on, or may have.
    pub(super) fn take_out(&mut self, tag: &str) -> bool {
        for (step, progress) in self.plan.steps.iter_mut().zip(&self.progress) {
            match &mut step.action {
                Action::RemoveTags { tags } if tags.iter().any(|one| one == tag) => break,
                Action::AddTags { tags } if *progress == Progress::Todo => {
                    let index = tags.iter().position(|one| one == tag);
                    index.map(|index| tags.remove(index));
                    return index.is_some();
                }
                _ => {}
            }
        }
        false
    }

    /// Tags that it has put on.
    pub(super) fn tags_put_on(&self) -> Vec<String> {
        let mut put_on = Vec::new();
        for (step, progress) in self.plan.steps.iter().zip(&self.progress) {
            if let (Action::AddTags { tags }, Progress::Done) = (&step.action, progress) {
                put_on.extend(tags.iter().cloned());
            }
        }
        put_on
    }

    /// Tags to come as well: before what comes after tags.
    pub(super) fn add_tags(&mut self, tags: Vec<String>) {
        let after = self.plan.steps.iter().position(|step| mapping::is_after_tags(&step.action));
        let at = after.unwrap_or(self.plan.steps.len()).min(self.progress.len());
        let why = "asked for again".to_owned();
        self.plan.steps.insert(at, Step { why, action: Action::AddTags { tags } });
        self.progress.insert(at, Progress::Todo);
    }

    /// How many steps are certainly carried out.
    pub(super) fn done(&self) -> usize {
        self.progress.iter().filter(|progress| **progress == Progress::Done).count()
    }

    /// Whether something was written, or may have been.
    pub(super) fn has_begun(&self) -> bool {
        self.progress.iter().any(|progress| *progress != Progress::Todo)
    }

    /// How far the steps are that must not be done twice, by their marks, as far as these begin so.
    /// Beside it the contact that the person had before.
    pub(super) fn left(&self, prefix: &str) -> (Map, Option<String>) {
        let mut marks = Map::new();
        for (step, progress) in self.plan.steps.iter().zip(&self.progress) {
            let mark = mark_of(&step.action);
            // What has no mark may be repeated; tags that are on are kept as the order's. What gives something that other steps
            // need is done again, for its result: it is looked for first, or does no harm.
            let is_on = *progress == Progress::Done && matches!(step.action, Action::AddTags { .. });
            let gives = matches!(&step.action, Action::Run { keep: Some(_), .. }) || needs_result(&step.action);
            if *progress != Progress::Todo && !is_on && !gives && !mark.is_empty() && mark.starts_with(prefix) {
                put(&mut marks, &mark, progress.to_json());
            }
        }
        (marks, self.moved_from.clone())
    }

    /// What an earlier plan for the same message has done is not done again, and what it may have done is looked for.
    pub(super) fn go_on_from(&mut self, marks: &Map) {
        for (step, progress) in self.plan.steps.iter().zip(&mut self.progress) {
            if let Some(known) = marks.get(&mark_of(&step.action)) {
                *progress = Progress::read(known.clone(), &mut true);
            }
        }
    }
}

/// Puts a new id where the ledger keeps it. `about`: the order, as sent.
pub(super) fn note_result(work: &mut Work, action: &Action, id: Option<String>, about: &str) {
    let Some(id) = id else { return };
    match action {
        Action::CreateContact { .. } => work.contact_id = Some(id),
        Action::CreateNote { order, keep: true, .. } | Action::UpdateNote { order, .. } => {
            if let Some(order) = work.plan.person.order_mut(order) {
                order.note_id = Some(id);
            }
        }
        Action::CreateTask { order, purpose, .. } => {
            if let Some(order) = work.plan.person.order_mut(order) {
                // An event of HighLevel names none.
                let about = if about.is_empty() { order.id.clone() } else { about.to_owned() };
                order.open_tasks.push(OpenTask { id, purpose: *purpose, order: Some(about) });
            }
        }
        Action::Run { operation, order, .. } if operation == CREATE_DEAL => {
            if let Some(order) = work.plan.person.order_mut(order) {
                order.deal_id = Some(id);
            }
        }
        Action::Run { keep: Some(kept), .. } => {
            for step in &mut work.plan.steps {
                if let Action::Run { input: fields, .. } | Action::UpdateContact { custom: fields, .. } =
                    &mut step.action
                {
                    put_result(fields, kept, &id);
                }
            }
            put_result(&mut work.plan.person.fields, kept, &id);
        }
        _ => {}
    }
}

fn put_result(fields: &mut Map, kept: &str, id: &str) {
    fields.retain(|_, value| {
        if *value == *kept {
            *value = id.into();
        }
        true
    });
}
