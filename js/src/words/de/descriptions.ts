/** Descriptions of entries. */
export const descriptions: Record<string, string> = {
  'A buyer asked for the money back; nothing has moved yet.':
    'Ein Käufer hat sein Geld zurückverlangt; geflossen ist noch nichts.',
  'A buyer changed to another product or plan, up or down: `order.upgradeType` says which. It replaces the order in `order.upgradedOrderId`.':
    'Ein Käufer ist auf ein anderes Produkt oder einen anderen Tarif gewechselt, nach oben oder unten: `order.upgradeType` sagt wohin. Ersetzt wird die Bestellung in `order.upgradedOrderId`.',
  "A buyer filled in a form that belongs to an order, or the answers were revoked. They are in `raw`, because Digistore24 doesn't publish their names.":
    'Ein Käufer hat ein Formular zu einer Bestellung ausgefüllt, oder die Antworten wurden widerrufen. Sie stehen in `raw`, weil Digistore24 ihre Namen nicht veröffentlicht.',
  "A buyer's name, address, e-mail or phone changed. The whole list of buyers is read each time; at most 10,000 buyers are watched.":
    'Name, Adresse, E-Mail oder Telefon eines Käufers hat sich geändert. Jedes Mal wird die ganze Käuferliste gelesen; höchstens 10.000 Käufer werden beobachtet.',
  'A contact sent a message or called. Use it to answer, or to tell somebody.':
    'Ein Kontakt hat eine Nachricht geschickt oder angerufen. Gut, um zu antworten oder jemandem Bescheid zu geben.',
  'A contact was added or changed; one that changes again comes again.':
    'Ein Kontakt ist neu oder wurde geändert; ändert er sich wieder, kommt er wieder.',
  'A contact was added to HighLevel, by hand, form, import or integration.':
    'Ein Kontakt kam in HighLevel hinzu, von Hand, per Formular, Import oder Integration.',
  'A contact was added.': 'Ein Kontakt kam hinzu.',
  'A contact was deleted in HighLevel.': 'Ein Kontakt wurde in HighLevel gelöscht.',
  "A contact's status in a campaign changed.": 'Der Status eines Kontakts in einer Kampagne hat sich geändert.',
  'A conversation was read, marked, or got something unread.':
    'Eine Unterhaltung wurde gelesen, markiert oder hat etwas Ungelesenes.',
  'A custom object was defined.': 'Ein benutzerdefiniertes Objekt wurde angelegt.',
  'A deal (in HighLevel: opportunity) was created.': 'Ein Deal (in HighLevel: Verkaufschance) wurde erstellt.',
  'A deal got another owner. "Opportunity changed" comes beside it, for the same change.':
    'Ein Deal hat einen anderen Inhaber. „Verkaufschance geändert“ kommt daneben, für dieselbe Änderung.',
  'A deal was changed in any way. The more exact events of the same change come beside it.':
    'Ein Deal wurde irgendwie geändert. Die genaueren Ereignisse derselben Änderung kommen daneben.',
  'A deal was deleted.': 'Ein Deal wurde gelöscht.',
  'A deal was made.': 'Ein Deal wurde erstellt.',
  'A deal was won, lost, abandoned or opened again. "Opportunity changed" comes beside it, for the same change.':
    'Ein Deal wurde gewonnen, verloren, aufgegeben oder wieder geöffnet. „Verkaufschance geändert“ kommt daneben, für dieselbe Änderung.',
  'A deal was won, lost, abandoned or opened again: `data.status` says which.':
    'Ein Deal wurde gewonnen, verloren, aufgegeben oder wieder geöffnet: `data.status` sagt was.',
  'A deal went to another stage of its pipeline. HighLevel does not tell which stage it left.':
    'Ein Deal kam in eine andere Phase seiner Pipeline. Welche er verlassen hat, sagt HighLevel nicht.',
  'A deal went to another stage; HighLevel doesn\'t tell which one it left. "Opportunity changed" comes beside it, for the same change.':
    'Ein Deal kam in eine andere Phase; welche er verlassen hat, sagt HighLevel nicht. „Verkaufschance geändert“ kommt daneben, für dieselbe Änderung.',
  'A due payment was missed or refused. Use it for a reminder or a task; a late payment may still come.':
    'Eine fällige Zahlung blieb aus oder wurde abgelehnt. Gut für eine Erinnerung oder eine Aufgabe; sie kann noch verspätet kommen.',
  'A due renewal was not paid. A late payment may still come. Not sent for upgrades.':
    'Eine fällige Verlängerung wurde nicht bezahlt. Die Zahlung kann noch verspätet kommen. Nicht bei Upgrades.',
  'A further payment of a subscription or of installments came in.':
    'Eine weitere Zahlung eines Abos oder einer Ratenzahlung ist eingegangen.',
  'A kind of relation between two objects was defined.':
    'Eine Art von Beziehung zwischen zwei Objekten wurde festgelegt.',
  'A kind of relation was changed.': 'Eine Art von Beziehung wurde geändert.',
  'A kind of relation was deleted.': 'Eine Art von Beziehung wurde gelöscht.',
  'A message is to be sent by your own conversation provider. HighLevel gives it no event name; its channel stands in `type`.':
    'Ein eigener Nachrichtendienst soll eine Nachricht senden. HighLevel gibt dem Ereignis keinen Namen; der Kanal steht in `type`.',
  'A message or a call went out to a contact.': 'Eine Nachricht oder ein Anruf ging an einen Kontakt.',
  'A note was changed.': 'Eine Notiz wurde geändert.',
  'A note was deleted.': 'Eine Notiz wurde gelöscht.',
  'A note was written on a contact.': 'Zu einem Kontakt wurde eine Notiz geschrieben.',
  'A note was written. Without a contact, only the notes of contacts that have changed are read, so a note may be seen late. With a contact, its notes are read each time.':
    'Eine Notiz wurde geschrieben. Ohne Kontakt werden nur die Notizen geänderter Kontakte gelesen, eine Notiz kann also spät auffallen. Mit Kontakt werden seine Notizen jedes Mal gelesen.',
  'A part of an invoice was paid.': 'Eine Rechnung wurde teilweise bezahlt.',
  'A partner may sell one of your products from now on. Use it to welcome the partner.':
    'Ein Partner darf ab jetzt ein Produkt verkaufen. Gut, um ihn zu begrüßen.',
  'A partner was approved for a product. It tells the partner; there is no buyer and no order.':
    'Ein Partner wurde für ein Produkt freigegeben. Genannt wird der Partner; Käufer und Bestellung gibt es nicht.',
  'A payment was refused after the last try. A new connection for notifications (IPN) has this event switched off.':
    'Eine Zahlung wurde nach dem letzten Versuch abgelehnt. In einer neuen Verbindung für Benachrichtigungen (IPN) ist das Ereignis ausgeschaltet.',
  'A person bought for the first time. The whole list of buyers is read each time.':
    'Jemand hat zum ersten Mal gekauft. Jedes Mal wird die ganze Käuferliste gelesen.',
  'A price of a product was changed.': 'Ein Preis eines Produkts wurde geändert.',
  'A price of a product was deleted.': 'Ein Preis eines Produkts wurde gelöscht.',
  'A price was made.': 'Ein Preis wurde erstellt.',
  'A product was changed.': 'Ein Produkt wurde geändert.',
  'A product was deleted.': 'Ein Produkt wurde gelöscht.',
  'A product was made.': 'Ein Produkt wurde erstellt.',
  'A record of a custom object was changed.': 'Ein Datensatz eines benutzerdefinierten Objekts wurde geändert.',
  'A record of a custom object was deleted.': 'Ein Datensatz eines benutzerdefinierten Objekts wurde gelöscht.',
  'A record of a custom object was made.': 'Ein Datensatz eines benutzerdefinierten Objekts wurde erstellt.',
  'A relation of two records was taken away.': 'Die Beziehung zweier Datensätze wurde aufgehoben.',
  'A sub-account was changed.': 'Ein Sub-Account wurde geändert.',
  'A sub-account was made.': 'Ein Sub-Account wurde erstellt.',
  'A subscription was cancelled, so there are no further renewals. The buyer can use what is paid for until the date in `subscription.paidUntil`.':
    'Ein Abo wurde gekündigt, es gibt also keine Verlängerungen mehr. Was bezahlt ist, gilt bis zum Datum in `subscription.paidUntil`.',
  'A task about a contact was made.': 'Eine Aufgabe zu einem Kontakt wurde erstellt.',
  'A task was deleted.': 'Eine Aufgabe wurde gelöscht.',
  'A task was made. Messages may come without contact and text; then read the task with "Get a task".':
    'Eine Aufgabe wurde erstellt. Kontakt und Text können in der Nachricht fehlen; dann hilft „Aufgabe abrufen“.',
  'A task was marked as done; one that is done again comes again. At most 20,000 completed tasks are watched.':
    'Eine Aufgabe wurde erledigt; wird sie es erneut, kommt sie wieder. Höchstens 20.000 erledigte Aufgaben werden beobachtet.',
  'A task was ticked off.': 'Eine Aufgabe wurde abgehakt.',
  'A ticket to one of your events was made.': 'Ein Ticket zu einer eigenen Veranstaltung wurde ausgestellt.',
  'A ticket was made, changed, used or revoked, or one of these was undone: `eticket.action` says which. It may come twice.':
    'Ein Ticket wurde ausgestellt, geändert, eingelöst oder widerrufen, oder eines davon wurde zurückgenommen: `eticket.action` sagt was. Es kann zweimal kommen.',
  'A ticket was made, changed, used or revoked: `eticket.action` says which.':
    'Ein Ticket wurde ausgestellt, geändert, eingelöst oder widerrufen: `eticket.action` sagt was.',
  'A user was added.': 'Ein Benutzer kam hinzu.',
  'Adds a custom field to the location.': 'Fügt dem Sub-Account ein benutzerdefiniertes Feld hinzu.',
  'Adds a new contact. If the location forbids duplicates and the person is there already, nothing is made and the error names the contact. To be on the safe side take "Find or create contact".':
    'Legt einen neuen Kontakt an. Verbietet der Sub-Account doppelte Kontakte und gibt es die Person schon, entsteht nichts, und der Fehler nennt den Kontakt. Auf der sicheren Seite ist „Kontakt finden oder erstellen“.',
  'Adds a price to a product. The amounts decide whether it is a single payment, a subscription or installments.':
    'Gibt einem Produkt einen Preis. Die Beträge entscheiden, ob es Einmalzahlung, Abo oder Ratenzahlung ist.',
  'Adds a task about a contact, for a user of the location. Result: the task with its ID.':
    'Legt eine Aufgabe zu einem Kontakt an, für einen Benutzer des Sub-Accounts. Ergebnis: die Aufgabe mit ihrer ID.',
  'Adds an amount to the next payments of a subscription or of installments; below zero takes it off.':
    'Schlägt einen Betrag auf die nächsten Zahlungen eines Abos oder einer Ratenzahlung auf; unter null wird er abgezogen.',
  'Adds files by their addresses to a message.': 'Hängt Dateien über ihre Adressen an eine Nachricht an.',
  'Adds products to a running order or takes them out. Needs the right "Billing on demand".':
    'Nimmt Produkte in eine laufende Bestellung auf oder heraus. Braucht das Recht „Billing on demand“.',
  'Adds tags to a contact and keeps the ones it has. Every new tag can start workflows.':
    'Fügt einem Kontakt Tags hinzu und lässt ihm die übrigen. Jeder neue Tag kann Workflows starten.',
  'Adds tags to many contacts at once, or takes them off.':
    'Fügt vielen Kontakten auf einmal Tags hinzu oder entfernt sie.',
  'Adds users who follow the contact.': 'Fügt Benutzer hinzu, die dem Kontakt folgen.',
  'Adds users who follow the opportunity.': 'Fügt Benutzer hinzu, die der Verkaufschance folgen.',
  'All businesses of the location.': 'Alle Unternehmen des Sub-Accounts.',
  'All calendars of the location.': 'Alle Kalender des Sub-Accounts.',
  'All campaigns of the location.': 'Alle Kampagnen des Sub-Accounts.',
  'All custom fields and folders of an object.': 'Alle benutzerdefinierten Felder und Ordner eines Objekts.',
  'All custom values of the location.': 'Alle benutzerdefinierten Werte des Sub-Accounts.',
  'All forms of the location.': 'Alle Formulare des Sub-Accounts.',
  'All messages of the location, page by page.': 'Alle Nachrichten des Sub-Accounts, Seite für Seite.',
  'All prices of a product.': 'Alle Preise eines Produkts.',
  'All products of the location.': 'Alle Produkte des Sub-Accounts.',
  'All tags of the location.': 'Alle Tags des Sub-Accounts.',
  'All users of the location.': 'Alle Benutzer des Sub-Accounts.',
  'An appointment was booked that begins between yesterday and a year from now. Name a calendar, a calendar group, a user or a contact: HighLevel wants one of them.':
    'Ein Termin wurde gebucht, der zwischen gestern und in einem Jahr beginnt. Nötig ist ein Kalender, eine Kalendergruppe, ein Benutzer oder ein Kontakt: Eines davon will HighLevel haben.',
  'An appointment was booked with a contact.': 'Mit einem Kontakt wurde ein Termin gebucht.',
  'An appointment was deleted; a cancelled one is a change of its status.':
    'Ein Termin wurde gelöscht; ein abgesagter hat nur einen anderen Status.',
  'An appointment was moved to another time or calendar, or got another status: `data.appointment.appointmentStatus` says which.':
    'Ein Termin wurde auf eine andere Zeit oder einen anderen Kalender verlegt oder hat einen anderen Status: `data.appointment.appointmentStatus` sagt welchen.',
  'An appointment was moved, or its status changed.': 'Ein Termin wurde verlegt, oder sein Status hat sich geändert.',
  'An invoice was changed.': 'Eine Rechnung wurde geändert.',
  'An invoice was deleted.': 'Eine Rechnung wurde gelöscht.',
  'An invoice was made.': 'Eine Rechnung wurde erstellt.',
  'An invoice was marked as void.': 'Eine Rechnung wurde für ungültig erklärt.',
  'An invoice was paid in full.': 'Eine Rechnung wurde vollständig bezahlt.',
  'An invoice was sent.': 'Eine Rechnung wurde versendet.',
  'An opportunity was made that fits the filters.': 'Eine Verkaufschance wurde erstellt, die zu den Filtern passt.',
  'An opportunity was made, moved, won, lost or edited; one that changes again comes again.':
    'Eine Verkaufschance wurde erstellt, verschoben, gewonnen, verloren oder bearbeitet; ändert sie sich wieder, kommt sie wieder.',
  'An order came in that you sell as the vendor. Renewals are not orders: see "New transaction".':
    'Eine Bestellung ist eingegangen, die das eigene Konto als Vendor verkauft. Verlängerungen sind keine Bestellungen: siehe „Neue Transaktion“.',
  'An order has something to be shipped.': 'Zu einer Bestellung ist etwas zu versenden.',
  "An order was placed in HighLevel's own shop.": 'Im HighLevel-eigenen Shop wurde eine Bestellung aufgegeben.',
  'Answers a review in public.': 'Antwortet öffentlich auf eine Bewertung.',
  'Asks Digistore24 for its time. Use it as a first test of your API key.':
    'Fragt Digistore24 nach der Uhrzeit. Gut als erster Test des API-Schlüssels.',
  'Assigns an affiliate to a future buyer, so that a later purchase counts for that affiliate.':
    'Ordnet einem künftigen Käufer einen Affiliate zu, für den ein späterer Kauf dann zählt.',
  'Begins a conversation with a contact.': 'Beginnt eine Unterhaltung mit einem Kontakt.',
  'Begins the dialogue in which a vendor grants your app a key: send the person to the address that comes back. Needs a developer key.':
    'Beginnt den Dialog, in dem ein Vendor einer App einen Schlüssel gibt: Die Person muss zu der Adresse, die zurückkommt. Braucht einen Entwicklerschlüssel.',
  'Blocks a span of time, so that nobody can book it.': 'Sperrt einen Zeitraum, damit ihn niemand buchen kann.',
  'Books a time in a calendar for a contact. Result: the appointment with its ID.':
    'Bucht für einen Kontakt eine Zeit in einem Kalender. Ergebnis: der Termin mit seiner ID.',
  'Books an appointment with a contact in a calendar. Result: the appointment with its ID.':
    'Bucht in einem Kalender einen Termin mit einem Kontakt. Ergebnis: der Termin mit seiner ID.',
  "Brings the contact's open deal in a pipeline up to date, or creates one if there is none. Use it to show sales in a pipeline. Result: the deal, and whether it is new.":
    'Bringt den offenen Deal des Kontakts in einer Pipeline auf den neuesten Stand oder erstellt einen. Gut, um Verkäufe in einer Pipeline zu zeigen. Ergebnis: der Deal, und ob er neu ist.',
  'Calls any function of Digistore24 by its name, for what has no action of its own. It is not repeated by itself.':
    'Ruft jede Funktion von Digistore24 mit ihrem Namen auf, für alles, was keine eigene Aktion hat. Sie wird nicht von selbst wiederholt.',
  'Cancels a subscription or installments: at once if that is allowed, otherwise at the end of the minimum term.':
    'Kündigt ein Abo oder eine Ratenzahlung: sofort, wenn das erlaubt ist, sonst zum Ende der Mindestlaufzeit.',
  'Changes a custom field of a custom object or a business.':
    'Ändert ein benutzerdefiniertes Feld eines Objekts oder eines Unternehmens.',
  'Changes a custom value wherever it is shown.': 'Ändert einen benutzerdefinierten Wert überall, wo er erscheint.',
  'Changes a discount code: its value, how long it is valid, or how often it can be used.':
    'Ändert einen Gutschein: seinen Wert, wie lange er gilt oder wie oft er eingelöst werden kann.',
  'Changes a kind of messages.': 'Ändert eine Nachrichtenart.',
  'Changes a note of an appointment.': 'Ändert eine Notiz eines Termins.',
  'Changes a price of a product. Running orders keep theirs.':
    'Ändert einen Preis eines Produkts. Laufende Bestellungen behalten ihren.',
  'Changes a rule for shipping costs.': 'Ändert eine Regel für Versandkosten.',
  'Changes how an order form looks and what it asks for.':
    'Ändert, wie ein Bestellformular aussieht und wonach es fragt.',
  'Changes the definition of a custom field.': 'Ändert die Einstellungen eines benutzerdefinierten Feldes.',
  'Changes the fields of an opportunity that you fill in: stage, value, owner and so on.':
    'Ändert die ausgefüllten Angaben einer Verkaufschance: Phase, Wert, Inhaber und so weiter.',
  "Changes the fields that you fill in and leaves the others alone. Gender and company name can't be changed this way.":
    'Ändert die ausgefüllten Felder und lässt die anderen in Ruhe. Geschlecht und Firma lassen sich so nicht ändern.',
  'Changes the name, e-mail or address of a buyer.': 'Ändert Name, E-Mail oder Adresse eines Käufers.',
  'Changes the named fields of a business.': 'Ändert die ausgefüllten Felder eines Unternehmens.',
  'Changes the opportunity with this ID, or makes one.': 'Ändert die Verkaufschance mit dieser ID oder erstellt eine.',
  'Changes the parts of a note that you send.': 'Ändert die ausgefüllten Teile einer Notiz.',
  'Changes the parts of a task that you send.': 'Ändert die ausgefüllten Teile einer Aufgabe.',
  'Changes the settings of a product, such as name, pages and texts. Prices are payment plans of their own.':
    'Ändert die Einstellungen eines Produkts, etwa Name, Seiten und Texte. Preise sind eigene Zahlungspläne.',
  'Changes the state of a delivery and its parcels. The buyer gets an e-mail unless told otherwise.':
    'Ändert den Stand einer Auslieferung und ihre Pakete. Der Käufer bekommt eine E-Mail, wenn das nicht abgewählt ist.',
  'Changes tracking and the free field of an order, opens its invoices again, or puts off the next payment.':
    'Ändert Tracking und freies Feld einer Bestellung, schaltet ihre Rechnungen wieder frei oder verschiebt die nächste Zahlung.',
  'Changes what an affiliate earns with one or more products. Missing affiliations are made.':
    'Ändert, was ein Affiliate an einem oder mehreren Produkten verdient. Fehlende Partnerschaften entstehen dabei.',
  'Charges the next payment of an order whose payment plan is billed by trigger.':
    'Bucht die nächste Zahlung einer Bestellung ab, deren Zahlungsplan auf Auslösung abgerechnet wird.',
  'Checks a ticket at the door and, if it is valid, marks it as used.':
    'Prüft ein Ticket am Einlass und markiert es als eingelöst, wenn es gültig ist.',
  'Deletes a business; its contacts stay.': 'Löscht ein Unternehmen; seine Kontakte bleiben.',
  'Deletes a conversation.': 'Löscht eine Unterhaltung.',
  'Deletes a custom field and its values on all contacts.':
    'Löscht ein benutzerdefiniertes Feld und seine Werte bei allen Kontakten.',
  'Deletes a custom field of a custom object or a business.':
    'Löscht ein benutzerdefiniertes Feld eines Objekts oder eines Unternehmens.',
  'Deletes a custom value.': 'Löscht einen benutzerdefinierten Wert.',
  'Deletes a discount code.': 'Löscht einen Gutschein.',
  'Deletes a folder of custom fields.': 'Löscht einen Ordner für benutzerdefinierte Felder.',
  'Deletes a folder; its products stay.': 'Löscht einen Ordner; seine Produkte bleiben.',
  'Deletes a note of an appointment.': 'Löscht eine Notiz eines Termins.',
  'Deletes a product. Its orders stay.': 'Löscht ein Produkt. Seine Bestellungen bleiben.',
  'Deletes a rule for shipping costs.': 'Löscht eine Regel für Versandkosten.',
  'Deletes a stored image.': 'Löscht ein gespeichertes Bild.',
  'Deletes a tag, on all contacts too.': 'Löscht einen Tag, auch bei allen Kontakten.',
  'Deletes an appointment or a blocked time.': 'Löscht einen Termin oder eine blockierte Zeit.',
  'Deletes an opportunity.': 'Löscht eine Verkaufschance.',
  'Deletes an order form.': 'Löscht ein Bestellformular.',
  'Deletes an upgrade.': 'Löscht ein Upgrade.',
  'Deletes the contact for good.': 'Löscht den Kontakt endgültig.',
  'Deletes the key that makes the call, and its notification connections. Only for keys from the dialogue.':
    'Löscht den Schlüssel, der den Aufruf macht, und seine Verbindungen für Benachrichtigungen. Nur für Schlüssel aus dem Dialog.',
  'Digistore24 asks you to prove that a service was delivered. Without a proof the buyer gets the money back.':
    'Digistore24 verlangt den Nachweis, dass eine Leistung erbracht wurde. Ohne ihn bekommt der Käufer sein Geld zurück.',
  "Digistore24 sent an event that this version doesn't know. Its content is in `raw`.":
    'Digistore24 hat ein Ereignis geschickt, das diese Version nicht kennt. Sein Inhalt steht in `raw`.',
  "Does for one Digistore24 event all that the sync does: finds or creates the contact, fills its fields, writes the note and the task, puts on the tags. Use it after a Digistore24 trigger. The same event again changes nothing. Result: what was done and the contact's ID.":
    'Tut für ein Ereignis von Digistore24 alles, was die Synchronisation tut: findet oder erstellt den Kontakt, füllt seine Felder, schreibt Notiz und Aufgabe, setzt die Tags. Gut nach einem Auslöser von Digistore24. Dasselbe Ereignis noch einmal ändert nichts. Ergebnis: was getan wurde, und die Kontakt-ID.',
  'Ends a campaign for the contact.': 'Beendet eine Kampagne für den Kontakt.',
  "Ends a contact's run through a workflow.": 'Beendet den Durchlauf eines Kontakts durch einen Workflow.',
  "Ends a contact's run through a workflow. Use it when its reason is gone, for example after a purchase.":
    'Beendet den Durchlauf eines Kontakts durch einen Workflow. Gut, wenn der Anlass weg ist, zum Beispiel nach einem Kauf.',
  'Ends a notification connection.': 'Beendet eine Verbindung für Benachrichtigungen.',
  'Ends all campaigns for the contact.': 'Beendet alle Kampagnen für den Kontakt.',
  'Ends the recurring payments of an order. What has been paid for stays. Result: whether it is cancelled now or later.':
    'Beendet die wiederkehrenden Zahlungen einer Bestellung. Was bezahlt ist, bleibt. Ergebnis: ob sie jetzt oder später endet.',
  'Ends the upload of a large file.': 'Beendet den Upload einer großen Datei.',
  'Enters a call that was made outside HighLevel, so that it stands in the conversation.':
    'Trägt einen Anruf ein, der außerhalb von HighLevel geführt wurde, damit er in der Unterhaltung steht.',
  'Enters a message that a contact sent outside HighLevel, so that it stands in the conversation.':
    'Trägt eine Nachricht ein, die ein Kontakt außerhalb von HighLevel geschickt hat, damit sie in der Unterhaltung steht.',
  "Enters the partner who brought an affiliate, and that partner's share.":
    'Trägt den Partner ein, der einen Affiliate gebracht hat, und dessen Anteil.',
  'Fetches an image from an address and stores it.': 'Holt ein Bild von einer Adresse und speichert es.',
  'Fetches the key that was requested. Ask again while the status is pending. Needs a developer key.':
    'Holt den angeforderten Schlüssel ab. Solange der Status „pending“ ist, später erneut fragen. Braucht einen Entwicklerschlüssel.',
  "Fields of a contact were changed; HighLevel doesn't tell which ones.":
    'Felder eines Kontakts wurden geändert; welche, sagt HighLevel nicht.',
  'Fields of a contact, or what it may be sent, were changed. Tags have their own trigger.':
    'Felder eines Kontakts, oder was man ihm senden darf, haben sich geändert. Tags haben einen eigenen Auslöser.',
  "Fills fields of a contact, HighLevel's own and custom ones, by the names that people see. Result: the contact, and which values HighLevel did not take.":
    'Füllt Felder eines Kontakts, die von HighLevel und benutzerdefinierte, unter den sichtbaren Namen. Ergebnis: der Kontakt, und welche Werte HighLevel nicht übernommen hat.',
  'Finds a contact by e-mail or creates it, fills its fields and then adds its tags. Use it as the first step with people who may already be in HighLevel: it never makes a second contact. Result: the contact, and whether it is new.':
    'Findet einen Kontakt über die E-Mail-Adresse oder erstellt ihn, füllt seine Felder und setzt dann seine Tags. Gut als erster Schritt bei Personen, die vielleicht schon in HighLevel sind: Es entsteht nie ein zweiter Kontakt. Ergebnis: der Kontakt, und ob er neu ist.',
  'Finds all orders of a buyer by the exact e-mail address. Use it to see whether somebody is a customer, and of what.':
    'Findet alle Bestellungen eines Käufers über die genaue E-Mail-Adresse. Gut, um zu sehen, ob jemand Kunde ist und wovon.',
  "Finds contacts by filters, with sorting and pages. A contact that is only seconds old may be missing, so don't use it to decide whether somebody must be created.":
    'Findet Kontakte mit Filtern, Sortierung und Seiten. Ein nur Sekunden alter Kontakt kann fehlen, also nicht danach entscheiden, ob jemand angelegt werden muss.',
  'Finds conversations, the newest first.': 'Findet Unterhaltungen, die neuesten zuerst.',
  'Finds opportunities by pipeline, stage, contact, user, status or text.':
    'Findet Verkaufschancen nach Pipeline, Phase, Kontakt, Benutzer, Status oder Text.',
  'Finds opportunities by several conditions at once, as in the search for contacts.':
    'Findet Verkaufschancen nach mehreren Bedingungen zugleich, wie bei der Suche nach Kontakten.',
  'Finds tasks of all contacts of the location.': 'Findet Aufgaben aller Kontakte des Sub-Accounts.',
  'Finds users of an agency by their addresses.': 'Findet Benutzer einer Agentur über ihre E-Mail-Adressen.',
  'Finds users of an agency.': 'Findet Benutzer einer Agentur.',
  'Gives a part of a payment back, as a discount. The order goes on as it is. Real money moves.':
    'Zahlt einen Teil einer Zahlung zurück, als Nachlass. Die Bestellung läuft unverändert weiter. Es fließt echtes Geld.',
  'Gives an address to upload a large file to.': 'Gibt eine Adresse, an die eine große Datei hochgeladen werden kann.',
  'Gives money back: for a whole order, one payment, or a part of one. Real money moves, so it has to be confirmed and is never repeated by itself.':
    'Zahlt Geld zurück: für eine ganze Bestellung, eine Zahlung oder einen Teil davon. Es fließt echtes Geld, darum muss es bestätigt werden und wird nie von selbst wiederholt.',
  'Gives somebody a task about a contact, due at nine on the next working day (Berlin time) unless you say otherwise. Result: the task.':
    'Gibt jemandem eine Aufgabe zu einem Kontakt, fällig um neun am nächsten Werktag (Berliner Zeit), wenn nichts anderes angegeben ist. Ergebnis: die Aufgabe.',
  'Gives the contact that has this e-mail or phone number, or nothing. Use it to look a person up before you create a contact.':
    'Gibt den Kontakt mit dieser E-Mail-Adresse oder Telefonnummer, oder nichts. Gut, um vor dem Anlegen nachzusehen.',
  "Gives the ending for an order form's address that unlocks test payments. Use it to try a checkout without money.":
    'Gibt den Zusatz zur Adresse eines Bestellformulars, der Testzahlungen freischaltet. Gut, um eine Bestellung ohne Geld auszuprobieren.',
  'Gives the links by which the buyer of an order becomes an affiliate. The customer-to-affiliate program must be set up.':
    'Gibt die Links, über die der Käufer einer Bestellung zum Affiliate wird. Das Programm „Customer-to-Affiliate“ muss eingerichtet sein.',
  "HighLevel sent an event that this version doesn't know, or one without a name. Its content is in `data`; `looksLike` says what it seems to be about.":
    'HighLevel hat ein Ereignis geschickt, das diese Version nicht kennt oder das keinen Namen hat. Sein Inhalt steht in `data`; `looksLike` sagt, worum es zu gehen scheint.',
  'Lets a contact run through a published workflow.':
    'Lässt einen Kontakt einen veröffentlichten Workflow durchlaufen.',
  'Lets a contact run through a published workflow. Use it for welcome or dunning series that HighLevel sends.':
    'Lässt einen Kontakt einen veröffentlichten Workflow durchlaufen. Gut für Begrüßungs- oder Mahnserien, die HighLevel versendet.',
  'Lets buyers of some products change to another.': 'Lässt Käufer bestimmter Produkte auf ein anderes wechseln.',
  'Lets the stopped payments of an order go on.': 'Setzt die gestoppten Zahlungen einer Bestellung fort.',
  'Lets the stopped payments of an order go on. Use it when somebody takes back a cancellation.':
    'Setzt die gestoppten Zahlungen einer Bestellung fort. Gut, wenn jemand eine Kündigung zurücknimmt.',
  'Lists all pipelines of the location with their stages. Use it to find their IDs.':
    'Listet alle Pipelines des Sub-Accounts mit ihren Phasen auf. Gut, um ihre IDs zu finden.',
  "Lists all workflows of the location, published or not. Use it to find a workflow's ID.":
    'Listet alle Workflows des Sub-Accounts auf, veröffentlicht oder nicht. Gut, um die ID eines Workflows zu finden.',
  'Lists cancelled and resumed payments, and paid periods that ended.':
    'Listet gekündigte und fortgesetzte Zahlungen auf und bezahlte Zeiträume, die geendet haben.',
  'Lists orders by the day they were made, including sales of joint-venture partners that you share in. Renewals and refunds of older orders are not in it: see "List transactions".':
    'Listet Bestellungen nach dem Tag auf, an dem sie eingingen, auch beteiligte Verkäufe von Joint-Venture-Partnern. Verlängerungen und Erstattungen älterer Bestellungen sind nicht dabei: siehe „Transaktionen auflisten“.',
  'Lists payments, renewals, refunds and chargebacks by the day they happened.':
    'Listet Zahlungen, Verlängerungen, Erstattungen und Rückbuchungen nach ihrem Tag auf.',
  'Lists requests to prove that a service was delivered, because a buyer asked for a refund.':
    'Listet Anfragen nach einem Leistungsnachweis auf, weil ein Käufer sein Geld zurückwollte.',
  'Lists smart upgrades and other tools of the kinds that you name.':
    'Listet Smart Upgrades und andere Werkzeuge der genannten Arten auf.',
  'Lists the appointments of a contact.': 'Listet die Termine eines Kontakts auf.',
  'Lists the contacts that belong to one business.': 'Listet die Kontakte auf, die zu einem Unternehmen gehören.',
  'Lists the countries that Digistore24 knows, by two-letter code.':
    'Listet die Länder auf, die Digistore24 kennt, mit zweistelligem Code.',
  'Lists the credit notes that Digistore24 paid to you.':
    'Listet die Gutschriften auf, die Digistore24 ausgezahlt hat.',
  'Lists the currencies that you can sell in.': 'Listet die Währungen auf, in denen verkauft werden kann.',
  'Lists the custom fields of the location, with their names, IDs and keys.':
    'Listet die benutzerdefinierten Felder des Sub-Accounts auf, mit Namen, IDs und Schlüsseln.',
  'Lists the folders for products.': 'Listet die Ordner für Produkte auf.',
  'Lists the free times of a calendar, by day, for at most 31 days. Use it before you book.':
    'Listet die freien Zeiten eines Kalenders auf, nach Tagen, für höchstens 31 Tage. Gut vor einer Buchung.',
  'Lists the invoices of an order, with links to them. Test payments have invoice number 1.':
    'Listet die Rechnungen einer Bestellung mit Links auf. Testzahlungen haben die Rechnungsnummer 1.',
  'Lists the links that were made for your products.':
    'Listet die Links auf, die für die eigenen Produkte erstellt wurden.',
  'Lists the notes of a contact.': 'Listet die Notizen eines Kontakts auf.',
  'Lists the order forms of the account.': 'Listet die Bestellformulare des Kontos auf.',
  'Lists the orders of one buyer by the exact e-mail address.':
    'Listet die Bestellungen eines Käufers über die genaue E-Mail-Adresse auf.',
  'Lists the people who bought from you, page by page.': 'Listet Seite für Seite alle auf, die gekauft haben.',
  'Lists the places of your events.': 'Listet die Orte der eigenen Veranstaltungen auf.',
  'Lists the prices of a product.': 'Listet die Preise eines Produkts auf.',
  'Lists the rules for shipping costs.': 'Listet die Regeln für Versandkosten auf.',
  'Lists the stored images of one purpose.': 'Listet die gespeicherten Bilder eines Zwecks auf.',
  'Lists the tasks of a contact.': 'Listet die Aufgaben eines Kontakts auf.',
  'Lists the types that a product can have.': 'Listet die Typen auf, die ein Produkt haben kann.',
  'Lists tickets to your events.': 'Listet Tickets zu den eigenen Veranstaltungen auf.',
  'Lists what buyers entered into your additional fields.':
    'Listet auf, was Käufer in die zusätzlichen Felder eingetragen haben.',
  'Lists what is to be shipped and what was.': 'Listet auf, was zu versenden ist und was versendet wurde.',
  'Lists what you earned, as vendor or as affiliate, by day.':
    'Listet nach Tagen auf, was als Vendor oder als Affiliate verdient wurde.',
  'Lists whom the account lets in, and which accounts let it in.':
    'Listet auf, wen das Konto einlässt und welche Konten es einlassen.',
  'Lists your affiliates by revenue, from month to month.':
    'Listet die Affiliates nach Umsatz auf, von Monat zu Monat.',
  'Lists your discount codes.': 'Listet die Gutscheine auf.',
  'Lists your entries in the marketplace with their numbers.':
    'Listet die eigenen Einträge im Marktplatz mit ihren Zahlen auf.',
  'Lists your products.': 'Listet die eigenen Produkte auf.',
  'Lists your smart upgrades.': 'Listet die eigenen Smart Upgrades auf.',
  'Lists your ticket templates.': 'Listet die eigenen Ticketvorlagen auf.',
  'Lists your upgrades.': 'Listet die eigenen Upgrades auf.',
  'Makes Digistore24 send a message to your address for each sale, refund and so on. A connection with the same ID is replaced without a question. Digistore24 opens the address once and wants the answer 200.':
    'Lässt Digistore24 bei jedem Verkauf, jeder Erstattung und so weiter eine Nachricht an die eigene Adresse schicken. Eine Verbindung mit derselben ID wird ohne Rückfrage ersetzt. Digistore24 öffnet die Adresse einmal und erwartet die Antwort 200.',
  'Makes a business that contacts can belong to.': 'Legt ein Unternehmen an, zu dem Kontakte gehören können.',
  'Makes a custom field for a custom object or a business.':
    'Legt ein benutzerdefiniertes Feld für ein Objekt oder ein Unternehmen an.',
  'Makes a discount code for the checkout, for all products or some. Result: the code.':
    'Erstellt einen Gutscheincode für die Bestellung, für alle Produkte oder einige. Ergebnis: der Code.',
  'Makes a discount code that buyers enter at the checkout. Result: the code.':
    'Erstellt einen Gutscheincode, den Käufer bei der Bestellung eingeben. Ergebnis: der Code.',
  'Makes a folder for custom fields of an object.': 'Legt einen Ordner für benutzerdefinierte Felder eines Objekts an.',
  'Makes a folder for products.': 'Legt einen Ordner für Produkte an.',
  'Makes a kind of messages that contacts can subscribe to.':
    'Legt eine Nachrichtenart an, die Kontakte abonnieren können.',
  'Makes a link invalid.': 'Macht einen Link ungültig.',
  "Makes a link to an order form with the buyer's data filled in and, if you like, a price of its own. Use it in personal e-mails. Result: the link.":
    'Erstellt einen Link zu einem Bestellformular mit den Daten des Käufers und auf Wunsch mit eigenem Preis. Gut für persönliche E-Mails. Ergebnis: der Link.',
  'Makes a new order form; products can then use it.':
    'Erstellt ein neues Bestellformular; Produkte können es dann nutzen.',
  'Makes a new product like an existing one, with what you change.':
    'Erstellt ein neues Produkt nach dem Vorbild eines anderen, mit den angegebenen Änderungen.',
  'Makes a new product. Its price is a payment plan of its own.':
    'Erstellt ein neues Produkt. Sein Preis ist ein eigener Zahlungsplan.',
  'Makes a personal link to an order form that is filled in already, with a voucher or a price of its own if you like. Result: the link; it can also be kept in a field of a contact.':
    'Erstellt einen persönlichen Link zu einem schon ausgefüllten Bestellformular, auf Wunsch mit Gutschein oder eigenem Preis. Ergebnis: der Link; er kann auch in einem Feld eines Kontakts abgelegt werden.',
  'Makes a rule for shipping costs, by product, country and quantity.':
    'Erstellt eine Regel für Versandkosten, nach Produkt, Land und Menge.',
  'Makes a script for your landing page that reads affiliate, campaign key and tracking key.':
    'Erstellt ein Skript für die eigene Landingpage, das Affiliate, Kampagnenkey und Trackingkey ausliest.',
  'Makes a tag that contacts can get.': 'Legt einen Tag an, den Kontakte bekommen können.',
  'Makes a value that messages and pages can show.': 'Legt einen Wert an, den Nachrichten und Seiten zeigen können.',
  'Makes an opportunity (a deal) for a contact in a pipeline. Result: the opportunity with its ID.':
    'Erstellt eine Verkaufschance (einen Deal) für einen Kontakt in einer Pipeline. Ergebnis: die Verkaufschance mit ihrer ID.',
  'Makes tickets to an event without a purchase.': 'Stellt Tickets für eine Veranstaltung ohne Kauf aus.',
  'Marks a conversation as read, unread or starred.':
    'Markiert eine Unterhaltung als gelesen, ungelesen oder mit Stern.',
  'Marks a task as done, or as open again.': 'Markiert eine Aufgabe als erledigt oder wieder offen.',
  'Marks a task as done: one by its ID, or all open ones of the contact with a certain title. Use it when the reason is gone, such as a late payment that came after all.':
    'Markiert eine Aufgabe als erledigt: eine über ihre ID oder alle offenen des Kontakts mit einem bestimmten Titel. Gut, wenn der Anlass weg ist, etwa eine Zahlung, die doch noch kam.',
  'Money came in: a first payment, a renewal, an upsell or an upgrade.':
    'Geld ist eingegangen: eine erste Zahlung, eine Verlängerung, ein Upsell oder ein Upgrade.',
  'Money moved, or somebody asked for it back: a payment, a renewal, a refund, a chargeback or a request for a refund.':
    'Geld ist geflossen, oder jemand hat es zurückverlangt: eine Zahlung, eine Verlängerung, eine Erstattung, eine Rückbuchung oder eine Erstattungsanfrage.',
  'Money went back to a buyer.': 'Geld ging an einen Käufer zurück.',
  'Money went back to the buyer, all of it or a part.': 'Geld ging an den Käufer zurück, alles oder ein Teil.',
  'Moves or changes an appointment.': 'Verlegt oder ändert einen Termin.',
  'Moves or renames a blocked span of time.': 'Verlegt eine blockierte Zeit oder benennt sie um.',
  'No further renewals. Access goes on until the last paid day.':
    'Keine Verlängerungen mehr. Der Zugang bleibt bis zum letzten bezahlten Tag.',
  'Proves that the service was delivered, or lets the refund go ahead.':
    'Weist nach, dass die Leistung erbracht wurde, oder lässt die Erstattung zu.',
  'Puts contacts into a business; without a business takes them out of theirs.':
    'Ordnet Kontakte einem Unternehmen zu; ohne Unternehmen nimmt es sie aus ihrem heraus.',
  'Puts many contacts into a business, or takes them out of theirs. Result: for each contact, whether it worked.':
    'Ordnet viele Kontakte einem Unternehmen zu oder nimmt sie aus ihrem heraus. Ergebnis: für jeden Kontakt, ob es geklappt hat.',
  'Puts tags on a contact and keeps the ones it has. Use it to start workflows or to mark buyers. A tag that is already there starts no workflow again.':
    'Fügt einem Kontakt Tags hinzu und lässt ihm die übrigen. Gut, um Workflows zu starten oder Käufer zu kennzeichnen. Ein Tag, der schon da ist, startet keinen Workflow erneut.',
  'Puts tags on many contacts at once, quicker than one by one. Result: for each contact, whether it worked.':
    'Fügt vielen Kontakten auf einmal Tags hinzu, schneller als einzeln. Ergebnis: für jeden Kontakt, ob es geklappt hat.',
  'Reads a custom field of a custom object or a business.':
    'Ruft ein benutzerdefiniertes Feld eines Objekts oder eines Unternehmens ab.',
  'Reads a delivery with address and parcels. Can mark it as in progress at the same time.':
    'Ruft eine Auslieferung mit Adresse und Paketen ab. Kann sie zugleich als in Bearbeitung markieren.',
  'Reads a discount code: its value, and how often it can still be used.':
    'Ruft einen Gutschein ab: seinen Wert und wie oft er noch einlösbar ist.',
  'Reads a folder for products.': 'Ruft einen Ordner für Produkte ab.',
  'Reads a product with its payment plans.': 'Ruft ein Produkt mit seinen Zahlungsplänen ab.',
  'Reads a request to prove that a service was delivered, because the buyer asked for a refund.':
    'Ruft eine Anfrage nach einem Leistungsnachweis ab, weil der Käufer sein Geld zurückwollte.',
  'Reads a rule for shipping costs.': 'Ruft eine Regel für Versandkosten ab.',
  'Reads a smart upgrade and, for orders, the text of its page. It is slow, so keep the answer.':
    'Ruft ein Smart Upgrade ab und für Bestellungen den Text seiner Seite. Das ist langsam, also die Antwort aufheben.',
  'Reads a ticket by its number.': 'Ruft ein Ticket über seine Nummer ab.',
  'Reads an entry of the marketplace with its numbers.': 'Ruft einen Eintrag des Marktplatzes mit seinen Zahlen ab.',
  'Reads an order of Digistore24 with buyer, products and payments. Use it when you only have the order ID and need the rest.':
    'Ruft eine Bestellung von Digistore24 mit Käufer, Produkten und Zahlungen ab. Gut, wenn nur die Bestell-ID da ist.',
  'Reads an upgrade and, for orders, whether it is possible.':
    'Ruft ein Upgrade ab und für Bestellungen, ob es möglich ist.',
  'Reads back the settings of a notification connection.':
    'Liest die Einstellungen einer Verbindung für Benachrichtigungen zurück.',
  'Reads campaign and click of an order.': 'Ruft Kampagne und Klick einer Bestellung ab.',
  'Reads limits of images, and the types and codes that Digistore24 uses.':
    'Ruft Grenzen für Bilder ab und die Typen und Codes, die Digistore24 verwendet.',
  'Reads one appointment.': 'Ruft einen Termin ab.',
  'Reads one business.': 'Ruft ein Unternehmen ab.',
  "Reads one buyer with address. Use it when an order gives you only the buyer's ID.":
    'Ruft einen Käufer mit Adresse ab. Gut, wenn eine Bestellung nur die Käufer-ID nennt.',
  'Reads one contact with all its fields.': 'Ruft einen Kontakt mit allen Feldern ab.',
  'Reads one conversation.': 'Ruft eine Unterhaltung ab.',
  'Reads one custom value.': 'Ruft einen benutzerdefinierten Wert ab.',
  'Reads one e-mail with its text.': 'Ruft eine E-Mail mit ihrem Text ab.',
  'Reads one message.': 'Ruft eine Nachricht ab.',
  'Reads one note of a contact.': 'Ruft eine Notiz eines Kontakts ab.',
  'Reads one opportunity.': 'Ruft eine Verkaufschance ab.',
  'Reads one order with buyer, products and payments. For several orders at once, the answer has one entry for each.':
    'Ruft eine Bestellung mit Käufer, Produkten und Zahlungen ab. Bei mehreren hat die Antwort je Bestellung einen Eintrag.',
  'Reads one product.': 'Ruft ein Produkt ab.',
  'Reads one tag.': 'Ruft einen Tag ab.',
  'Reads one task of a contact.': 'Ruft eine Aufgabe eines Kontakts ab.',
  'Reads one user.': 'Ruft einen Benutzer ab.',
  'Reads templates and locations of your own and of accounts that let you in.':
    'Ruft Vorlagen und Orte ab, eigene und die von Konten, die Zugriff geben.',
  'Reads the agency itself. It needs an authorisation of the agency, not of a sub-account.':
    'Ruft die Agentur selbst ab. Braucht eine Berechtigung der Agentur, nicht eines Sub-Accounts.',
  'Reads the definition of one custom field.': 'Ruft die Einstellungen eines benutzerdefinierten Feldes ab.',
  'Reads the download links of an order, by order and product.':
    'Ruft die Download-Links einer Bestellung ab, nach Bestellung und Produkt.',
  'Reads the numbers of the marketplace.': 'Ruft die Zahlen des Marktplatzes ab.',
  'Reads the properties of a stored image.': 'Ruft die Eigenschaften eines gespeicherten Bildes ab.',
  'Reads the revenue by day, week, month, quarter or year.':
    'Ruft den Umsatz nach Tag, Woche, Monat, Quartal oder Jahr ab.',
  'Reads the revenue of each day.': 'Ruft den Umsatz jedes Tages ab.',
  'Reads the revenue of today, this week, month, quarter, year and altogether.':
    'Ruft den Umsatz von heute, dieser Woche, diesem Monat, Quartal und Jahr und insgesamt ab.',
  'Reads the settings of a calendar.': 'Ruft die Einstellungen eines Kalenders ab.',
  'Reads the settings of an order form.': 'Ruft die Einstellungen eines Bestellformulars ab.',
  'Reads the sub-account: name, address, time zone and settings.':
    'Ruft den Sub-Account ab: Name, Adresse, Zeitzone und Einstellungen.',
  'Reads visitors and earnings by day and campaign key.': 'Ruft Besucher und Einnahmen nach Tag und Kampagnenkey ab.',
  'Reads what an affiliate earns with your products.': 'Ruft ab, was ein Affiliate an den eigenen Produkten verdient.',
  'Reads what can be chosen when an order form is edited.':
    'Ruft ab, was beim Bearbeiten eines Bestellformulars zur Wahl steht.',
  'Reads what was earned, paid out and is still to come.':
    'Ruft ab, was verdient und ausgezahlt wurde und was noch kommt.',
  'Reads which affiliate was assigned to a future buyer.':
    'Ruft ab, welcher Affiliate einem künftigen Käufer zugeordnet wurde.',
  'Reads which partner brought an affiliate.': 'Ruft ab, welcher Partner einen Affiliate gebracht hat.',
  'Reads which products are offered after a product, by position: y is the first offer, yy and yn the ones after a yes or a no.':
    'Ruft ab, welche Produkte nach einem Produkt angeboten werden, nach Position: y ist das erste Angebot, yy und yn sind die nach einem Ja oder Nein.',
  'Records that a buyer logged in and used what was bought. It counts when a refund is asked for although the right to it ended with the access.':
    'Hält fest, dass sich ein Käufer angemeldet und das Gekaufte genutzt hat. Das zählt, wenn eine Erstattung verlangt wird, obwohl das Recht darauf mit dem Zugriff endete.',
  'Refunds all payments of an order that may be refunded. Real money moves.':
    'Erstattet alle Zahlungen einer Bestellung, die erstattet werden dürfen. Es fließt echtes Geld.',
  'Refunds one payment. It may wait for a proof or be refused by the refund policy. Real money moves.':
    'Erstattet eine Zahlung. Das kann auf einen Nachweis warten oder nach der Erstattungsregel abgelehnt werden. Es fließt echtes Geld.',
  'Registers a mobile app for push messages about sales.':
    'Meldet eine mobile App für Push-Nachrichten über Verkäufe an.',
  'Removes a note from a contact.': 'Entfernt eine Notiz von einem Kontakt.',
  'Removes a task from a contact.': 'Entfernt eine Aufgabe von einem Kontakt.',
  'Renames a folder of custom fields.': 'Benennt einen Ordner für benutzerdefinierte Felder um.',
  'Renames a tag, on all its contacts too.': 'Benennt einen Tag um, auch bei allen Kontakten, die ihn haben.',
  'Renames or moves a folder for products.': 'Benennt einen Ordner für Produkte um oder verschiebt ihn.',
  'Renewals go on after all. No money yet.': 'Die Verlängerungen gehen doch weiter. Geld ist noch keines geflossen.',
  'Renewals were cancelled or go on after all, or the last paid day has come.':
    'Verlängerungen wurden gekündigt oder gehen doch weiter, oder der letzte bezahlte Tag ist da.',
  'Replaces the offers after a product.': 'Ersetzt die Angebote nach einem Produkt.',
  'Reports the buyer, the affiliate or both for a sale.':
    'Meldet zu einem Verkauf den Käufer, den Affiliate oder beide.',
  'Says whether a licence key belongs to an order and is valid. Use it before you unlock something.':
    'Sagt, ob ein Lizenzschlüssel zu einer Bestellung gehört und gültig ist. Gut, bevor etwas freigeschaltet wird.',
  'Sells a further product to the buyer of an order and charges the stored means of payment. At most ten a day and one a minute for each order.':
    'Verkauft dem Käufer einer Bestellung ein weiteres Produkt und belastet die hinterlegte Zahlungsart. Höchstens zehn am Tag und einmal pro Minute je Bestellung.',
  'Sends a message to a contact: SMS, e-mail, WhatsApp and others. Result: the ID of the message.':
    'Sendet eine Nachricht an einen Kontakt: SMS, E-Mail, WhatsApp und andere. Ergebnis: die ID der Nachricht.',
  'Sends an e-mail, an SMS or another message to a contact. After a failure it is never sent again by itself, so nobody gets it twice.':
    'Sendet eine E-Mail, eine SMS oder eine andere Nachricht an einen Kontakt. Nach einem Fehler wird sie nie von selbst erneut gesendet, niemand bekommt sie also zweimal.',
  'Sends any request to HighLevel, for what has no action of its own. Only reading requests are repeated by themselves.':
    'Sendet eine beliebige Anfrage an HighLevel, für alles, was keine eigene Aktion hat. Nur lesende Anfragen werden von selbst wiederholt.',
  'Sends the buyer an e-mail with all invoices of the order.':
    'Sendet dem Käufer eine E-Mail mit allen Rechnungen der Bestellung.',
  'Sends the buyer an e-mail with the invoices of the order once more.':
    'Sendet dem Käufer noch einmal eine E-Mail mit den Rechnungen der Bestellung.',
  "Sends the buyer the e-mail with the order confirmation once more. Use it when somebody can't find it.":
    'Sendet dem Käufer noch einmal die E-Mail mit der Bestellbestätigung. Gut, wenn jemand sie nicht findet.',
  'Sends the buyer the order confirmation again.': 'Sendet dem Käufer die Bestellbestätigung noch einmal.',
  'Sets an opportunity to open, won, lost or abandoned.':
    'Setzt eine Verkaufschance auf offen, gewonnen, verloren oder aufgegeben.',
  'Shows one customer in one view: purchases, notes, tasks and appointments in order of time. Use it in support or before a call.':
    'Zeigt einen Kunden auf einen Blick: Käufe, Notizen, Aufgaben und Termine in zeitlicher Folge. Gut im Support oder vor einem Anruf.',
  'Shows the visitor of a live chat that somebody is typing.':
    'Zeigt dem Besucher eines Live-Chats, dass jemand tippt.',
  'Somebody bought: a single payment, the first one of a subscription or of installments, or an upsell. Renewals and upgrades have triggers of their own. Test orders start it too, unless you switch that off.':
    'Jemand hat gekauft: eine Einmalzahlung, die erste eines Abos oder einer Ratenzahlung, oder ein Upsell. Verlängerungen und Upgrades haben eigene Auslöser. Testbestellungen lösen ebenfalls aus, wenn das nicht abgeschaltet ist.',
  'Somebody filled in an order form and has not paid yet. Digistore24 sends it for some sellers and buyers only.':
    'Jemand hat ein Bestellformular ausgefüllt und noch nicht bezahlt. Digistore24 sendet das nur bei manchen Verkäufern und Käufern.',
  'Somebody filled in an order form and has not paid yet. Use it to follow up on abandoned carts.':
    'Jemand hat ein Bestellformular ausgefüllt und noch nicht bezahlt. Gut, um bei abgebrochenen Käufen nachzufassen.',
  'Somebody pressed the button in Digistore24 that tests the connection.':
    'Jemand hat in Digistore24 auf den Knopf gedrückt, der die Verbindung testet.',
  'Somebody was given a task about a contact.': 'Jemand hat eine Aufgabe zu einem Kontakt bekommen.',
  'Somebody, or an integration, wrote a note on a contact.':
    'Jemand, oder eine Integration, hat eine Notiz zu einem Kontakt geschrieben.',
  'Something about a deal was changed: its stage, status, value, owner or name.':
    'An einem Deal wurde etwas geändert: Phase, Status, Wert, Inhaber oder Name.',
  'Starts a campaign for the contact.': 'Startet eine Kampagne für den Kontakt.',
  'Subscribes a contact to messages, or unsubscribes.': 'Meldet einen Kontakt für Nachrichten an oder ab.',
  'Takes a price from a product. Running orders keep theirs.':
    'Nimmt einem Produkt einen Preis. Laufende Bestellungen behalten ihren.',
  'Takes all upsells from a product.': 'Nimmt einem Produkt alle Upsells.',
  'Takes back a message that was to be sent later.': 'Nimmt eine Nachricht zurück, die später gesendet werden sollte.',
  'Takes back an e-mail that was to be sent later.': 'Nimmt eine E-Mail zurück, die später gesendet werden sollte.',
  'Takes single tags away from a contact and keeps the others.':
    'Nimmt einem Kontakt einzelne Tags und lässt ihm die übrigen.',
  'Takes tags off a contact and leaves its other tags alone. Use it when something no longer holds, such as an open trial.':
    'Nimmt einem Kontakt Tags und lässt die übrigen in Ruhe. Gut, wenn etwas nicht mehr gilt, etwa eine offene Testphase.',
  'Takes tags off many contacts at once, quicker than one by one. Result: for each contact, whether it worked.':
    'Nimmt vielen Kontakten auf einmal Tags, schneller als einzeln. Ergebnis: für jeden Kontakt, ob es geklappt hat.',
  'Takes users off the followers of the contact.': 'Nimmt Benutzer aus den Followern des Kontakts.',
  'Takes users off the followers of the opportunity.': 'Nimmt Benutzer aus den Followern der Verkaufschance.',
  'Tells HighLevel what became of a message that your own provider sent, such as delivered or failed.':
    'Sagt HighLevel, was aus einer Nachricht des eigenen Nachrichtendienstes wurde, etwa zugestellt oder gescheitert.',
  'Tells whether a discount code is valid and what it is worth.':
    'Sagt, ob ein Gutschein gültig ist und was er wert ist.',
  "Tells whether a license key belongs to an order and is valid. An app's developer key is enough.":
    'Sagt, ob ein Lizenzschlüssel zu einer Bestellung gehört und gültig ist. Der Entwicklerschlüssel einer App reicht.',
  'Tells whether an affiliate may promote one or more products.':
    'Sagt, ob ein Affiliate ein oder mehrere Produkte bewerben darf.',
  'Tells which account the API key belongs to and what the key may do.':
    'Sagt, zu welchem Konto der API-Schlüssel gehört und was er darf.',
  'The appointments of a calendar, a group or a user in a span of time.':
    'Die Termine eines Kalenders, einer Gruppe oder eines Benutzers in einem Zeitraum.',
  'The blocked times of a calendar, a group or a user in a span of time.':
    'Die blockierten Zeiten eines Kalenders, einer Gruppe oder eines Benutzers in einem Zeitraum.',
  "The buyer's bank took the money back.": 'Die Bank des Käufers hat das Geld zurückgeholt.',
  "The buyer's bank took the money back. Use it to stop deliveries and to tell somebody.":
    'Die Bank des Käufers hat das Geld zurückgeholt. Gut, um Lieferungen zu stoppen und jemandem Bescheid zu geben.',
  'The definition of a custom object was changed.':
    'Die Einstellungen eines benutzerdefinierten Objekts wurden geändert.',
  'The kinds of messages that contacts can subscribe to.': 'Die Nachrichtenarten, die Kontakte abonnieren können.',
  'The messages of a conversation, the newest first.': 'Die Nachrichten einer Unterhaltung, die neuesten zuerst.',
  'The notes of an appointment.': 'Die Notizen eines Termins.',
  'The paid time is over. Use it to take access away.': 'Die bezahlte Zeit ist um. Gut, um den Zugang zu entziehen.',
  'The paid time is over: end the access.': 'Die bezahlte Zeit ist um: Der Zugang endet.',
  'The plan of a paid app was changed.': 'Der Tarif einer bezahlten App wurde geändert.',
  'The reasons that can be given for a lost opportunity.': 'Die Gründe, die es für eine verlorene Verkaufschance gibt.',
  'The recording of a call as a file.': 'Die Aufzeichnung eines Anrufs als Datei.',
  "The status of an order in HighLevel's own shop changed.":
    'Der Status einer Bestellung im HighLevel-eigenen Shop hat sich geändert.',
  'The tags of a contact were changed and it has some now. HighLevel sends all tags but not which one is new, nor whether one was taken off: compare `data.tags` with what you know. A workflow that starts with an added tag can tell which one in its custom data.':
    'Die Tags eines Kontakts haben sich geändert, und er hat jetzt welche. HighLevel schickt alle Tags, aber nicht, welcher neu ist oder ob einer wegfiel: also `data.tags` mit dem Bekannten vergleichen. Ein Workflow, der mit einem neuen Tag beginnt, kann ihn in seinen eigenen Daten nennen.',
  'The tags of a contact were changed. HighLevel sends all its tags, but not which one is new or gone.':
    'Die Tags eines Kontakts haben sich geändert. HighLevel schickt alle, aber nicht, welcher neu oder weggefallen ist.',
  'The time zones that can be chosen.': 'Die Zeitzonen, die zur Wahl stehen.',
  'The value of a deal was changed. "Opportunity changed" comes beside it, for the same change.':
    'Der Wert eines Deals hat sich geändert. „Verkaufschance geändert“ kommt daneben, für dieselbe Änderung.',
  'Two records were related.': 'Zwei Datensätze wurden verbunden.',
  'Updates the contact that has this e-mail or phone, or creates one. Which of the two counts first is set in the location: if e-mail and phone belong to two people, only one is updated and the other value is dropped without a word. "Find or create contact" never guesses.':
    'Aktualisiert den Kontakt mit dieser E-Mail-Adresse oder Telefonnummer oder erstellt einen. Was von beidem zuerst zählt, steht in den Einstellungen des Sub-Accounts: Gehören E-Mail und Telefon zwei Personen, wird nur eine aktualisiert, und der andere Wert geht stillschweigend verloren. „Kontakt finden oder erstellen“ rät nie.',
  'Upgrades an order without the buyer doing anything; the buyer must know and agree. Needs the right "Billing on demand".':
    'Stuft eine Bestellung hoch, ohne dass der Käufer etwas tun muss; er muss es wissen und zustimmen. Braucht das Recht „Billing on demand“.',
  'Uploads a file that a message can then have attached.':
    'Lädt eine Datei hoch, die dann an eine Nachricht angehängt werden kann.',
  'Uploads files for file fields of a contact, an opportunity or the location.':
    'Lädt Dateien für Dateifelder eines Kontakts, einer Verkaufschance oder des Sub-Accounts hoch.',
  'What a contact has subscribed to.': 'Was ein Kontakt abonniert hat.',
  'What a contact may be sent was changed.': 'Was man einem Kontakt senden darf, hat sich geändert.',
  "What became of an e-mail that HighLevel's mail service sent.":
    'Was aus einer E-Mail des HighLevel-Maildienstes wurde.',
  'What was said in a recorded call, as text.': 'Was in einem aufgezeichneten Anruf gesagt wurde, als Text.',
  'What was said in a recorded call, sentence by sentence.':
    'Was in einem aufgezeichneten Anruf gesagt wurde, Satz für Satz.',
  'What was sent in through forms.': 'Was über Formulare eingesendet wurde.',
  'Writes a note for an appointment.': 'Schreibt eine Notiz zu einem Termin.',
  'Writes a note on a contact, for people who open it later. Result: the note.':
    'Schreibt eine Notiz zu einem Kontakt, für alle, die ihn später öffnen. Ergebnis: die Notiz.',
  'Writes a note on a contact. Result: the note with its ID.':
    'Schreibt eine Notiz zu einem Kontakt. Ergebnis: die Notiz mit ihrer ID.',
  "Your marketplace app was installed. It goes only to the app's default webhook address; location, user and agency may be missing.":
    'Die eigene Marktplatz-App wurde installiert. Das geht nur an die Standard-Webhook-Adresse der App; Sub-Account, Benutzer und Agentur können fehlen.',
  "Your marketplace app was removed. It goes only to the app's default webhook address; without a location, the agency removed it.":
    'Die eigene Marktplatz-App wurde entfernt. Das geht nur an die Standard-Webhook-Adresse der App; fehlt der Sub-Account, hat die Agentur sie entfernt.',
};
