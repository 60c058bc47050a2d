// What Prism says of right requests because of defects of the published specification.
export const skips = {
  'ghl.contacts.searchContactsAdvanced': {
    problem: /it judges nothing/,
    reason: 'the body is empty in the specification: Prism takes any',
  },
  'ghl.objects.createObjectRecord': {
    problem: /it judges nothing/,
    reason: 'the body is empty in the specification: Prism takes any',
  },
  'ghl.conversations.sendANewMessage': {
    problem: /^body: .*required property '(subType|status)'/i,
    reason:
      'it demands subType, as an object whose example is a text, and the status of a message that is not sent yet',
  },
  'ghl.conversations.uploadFileAttachments': {
    problem: /^body\.attachmentUrls: .*must be array/i,
    reason: 'attachmentUrls is a list in a multipart body without an encoding: Prism reads one text, whatever is sent',
  },
};
