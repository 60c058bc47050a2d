import { createHash } from 'node:crypto';

/** The parameters of one IPN message, as they go over the wire. */
export type IpnMessage = Record<string, string>;

/** What Digistore24 sends in place of a signature when the connection has no passphrase. */
export const NO_PASSPHRASE = 'no_signature_passphrase_provided';

/**
 * The signature of a message (Digistore24's example `sha_sign.php`): the names sorted by bytes,
 * without the signature itself and without empty values, each as `name=value` followed by the
 * passphrase; of the whole, SHA-512 in upper-case hex.
 */
export function signature(message: IpnMessage, passphrase: string): string {
  if (passphrase === '') return NO_PASSPHRASE;
  const source = Object.entries(message)
    .filter(([name, value]) => value !== '' && !['sha_sign', 'SHASIGN'].includes(name))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => `${name}=${value}${passphrase}`)
    .join('');
  return createHash('sha512').update(source, 'utf8').digest('hex').toUpperCase();
}

/** The message with its `sha_sign`, which comes last. */
export function signed(message: IpnMessage, passphrase: string): IpnMessage {
  const { sha_sign: _, ...rest } = message;
  return { ...rest, sha_sign: signature(rest, passphrase) };
}
