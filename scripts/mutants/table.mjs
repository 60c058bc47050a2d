// Deliberate breakages of the sync, each of which the simulation must notice. `from` is the exact text in `file`, there once.
// Where the code has moved on, give the new text that the breakage means; where the thing itself is gone, the breakage goes
// too. `test` is the test, of the tests `program`, that must notice it in the place of the random seeds.
export const mutants = [
  {
    name: 'no ledger entry',
    inSuite: true,
    why: 'the next event of the person is planned from an old entry, and everything is made again',
    file: 'src/sync/attempt.rs',
    from: `            value: Some(text(&person.to_json())),
        });
        Ok(writes)`,
    to: `            value: Some(text(&person.to_json())),
        });
        writes.pop();
        Ok(writes)`,
  },
  {
    name: 'no entry before a write',
    why: 'after a crash nobody knows that the write may have taken effect',
    file: 'src/sync/execute.rs',
    from: `                self.mark(lease, name, work, index, Progress::Sent(self.effects.shared_now())).await?;
                let recovered`,
    to: '                let recovered',
  },
  {
    name: 'no look-up',
    inSuite: true,
    why: 'a creation of unknown outcome is made again without looking for it',
    file: 'src/sync/execute.rs',
    from: 'found = self.look_up(report, event, work, &step.action, at).await?;',
    to: 'found = None;',
  },
  {
    name: 'the settle time is not waited out',
    inSuite: true,
    why: 'what is looked for too early takes effect later',
    file: 'src/sync/execute.rs',
    from: 'if self.effects.shared_now() < settled {',
    to: 'if self.effects.shared_now() < at {',
  },
  {
    name: 'the settle time counts from the sending',
    why: 'a request that ended late takes effect after the look-up',
    file: 'src/sync/execute.rs',
    from: `                        self.mark(lease, name, work, index, progress).await?;
                        return Err(error);`,
    to: `                        if !uncertain {
                            self.mark(lease, name, work, index, progress).await?;
                        }
                        return Err(error);`,
    // The simulation seldom asks again before the message is due.
    program: 'sync',
    test: 'messages::a_write_of_unknown_outcome_is_not_looked_for_too_early',
  },
  {
    name: 'an enrolment is repeated',
    why: 'a workflow that was entered can not be looked up, so a second time starts it twice',
    file: 'src/sync/execute.rs',
    from: 'if found.is_none() && !may_repeat(&step.action) {',
    to: 'if found.is_some() && !may_repeat(&step.action) {',
  },
  {
    name: 'the lease ends early',
    inSuite: true,
    why: 'another worker takes over while a write is on its way',
    file: 'src/sync/process.rs',
    from: 'Lease::new(&self.effects, DEADLINE_MS + 2 * self.settle_ms)',
    to: 'Lease::new(&self.effects, 0)',
  },
  {
    name: 'the lease is taken from its holder',
    why: 'two workers are at one person at a time',
    file: 'src/lease.rs',
    from: 'h.until > now && h.holder != self.holder',
    to: 'h.until > now && h.holder == self.holder',
  },
  {
    name: 'leases by one’s own clock',
    why: 'the clocks of two processes differ by minutes',
    file: 'src/lease.rs',
    from: 'self.value(self.effects.shared_now())',
    to: 'self.value(self.effects.now())',
  },
  {
    name: 'no fence',
    inSuite: true,
    why: 'a worker that slept through the end of its lease goes on beside another',
    file: 'src/lease.rs',
    from: 'writes.push(Write { key: key.clone(), expect: Some(version), value });',
    to: 'writes.push(Write { key: key.clone(), expect: Some(version).filter(|_| false), value });',
  },
  {
    name: 'a contact is not claimed',
    why: 'two buyers of one contact overwrite each other’s entry',
    file: 'src/sync/attempt.rs',
    from: '&& !lease.claim(self.scope.claim_contact(id), name).await?',
    to: '&& id.is_empty()',
  },
  {
    name: 'a person is not claimed',
    why: 'a worker that slept begins a message beside another one of the buyer, who gets two contacts',
    file: 'src/sync/attempt.rs',
    from: 'let mut claims = vec![self.scope.claim_person(&message.person)];',
    to: 'let mut claims = Vec::new();',
    // The simulation meets it once in a hundred thousand seeds.
    program: 'sync',
    test: 'messages::a_worker_with_an_old_list_begins_nothing_beside_another_message_of_the_buyer',
  },
  {
    name: 'tags come before the note',
    inSuite: true,
    why: 'a workflow that starts on a tag finds the contact half written',
    file: 'src/mapping/write.rs',
    from: 'Action::AddTags { .. } => 6,',
    to: 'Action::AddTags { .. } => 1,',
  },
  {
    name: 'a repetition counts as new',
    inSuite: true,
    why: 'Digistore24 sends messages more than once',
    file: 'src/sync/inbox.rs',
    from: 'if !self.was_returned_since(event).await? {',
    to: 'if self.was_returned_since(event).await? {',
  },
  {
    name: 'remembered before it is stored',
    inSuite: true,
    why: 'a crash between the two loses the message: its repetition counts as known',
    file: 'src/sync/inbox.rs',
    from: 'if self.effects.commit(writes).await?.is_some() {\n                let Some(reason)',
    to: `let message_alone = writes.pop().into_iter().collect();
            if self.effects.commit(writes).await?.is_some() && self.effects.commit(message_alone).await?.is_some() {
                let Some(reason)`,
  },
  {
    name: 'a later step leaves its place before it is in the inbox',
    why: 'a crash between the two loses it',
    file: 'src/sync/process.rs',
    from: 'self.effects.commit(vec![due, inbox]).await?;',
    to: 'self.effects.commit(vec![due]).await?;\n                self.effects.commit(vec![inbox]).await?;',
  },
  {
    name: 'a payment completes every task',
    inSuite: true,
    why: 'tasks that have nothing to do with it are still open',
    file: 'src/mapping/write.rs',
    from: '_ => refunded && !is_left(task),',
    to: '_ => self.event.event == Kind::Payment || refunded && !is_left(task),',
  },
  {
    name: 'what comes later is newer',
    inSuite: true,
    why: 'Digistore24 delivers in any order: the clock of arrival tells nothing',
    file: 'src/mapping/plan.rs',
    from: 'let number = person::compare(known, event);',
    to: 'let number = person::compare(known.filter(|_| false), event);',
  },
  {
    name: 'an update carries tags',
    why: 'it replaces all tags, also those of other people',
    file: 'src/sync/request.rs',
    from: 'Action::UpdateContact { fields, .. } => ("ghl.contacts.updateContact", fields.clone(), ""),',
    to: `Action::UpdateContact { fields, .. } => {
            let mut fields = fields.clone();
            put(&mut fields, "tags", json!(["ds24-customer"]));
            ("ghl.contacts.updateContact", fields, "")
        }`,
  },
];
