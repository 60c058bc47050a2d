// Where the catalog differs from Digistore24's published specification on purpose; for HighLevel see scripts/import/.
// `at` is the place as the check names it, `reason` says which fact wins.
// An exception that nothing needs any more is reported as a failure.

export const exceptions = [
  {
    at: 'digistore24.ipnSetup input newsletter_send_policy: values',
    reason: 'The specification prints the constants with a slip (end_policy_…); the real values begin with send_.',
  },
  { at: 'digistore24.ipnSetup input newsletter_send_policy: default', reason: 'The same slip.' },
  { at: 'digistore24.getBuyer input buyer_id: type', reason: 'Answers give IDs as text, so text is accepted too.' },
];
