/*
 * Who sent a request, as far as a log may tell: the network, not the address. That is enough to block it, and no personal
 * value.
 */

/**
 * The network of the sender: `203.0.113.0/24`, `2001:db8:1::/48`; empty where it isn't known.
 *
 * @param remote the address at the other end of the connection
 * @param forwardedFor the header `X-Forwarded-For`. Anybody can write it: only what the proxies in front added counts
 * @param proxies how many proxies are in front; with 0 the header is not read
 */
export function senderOf(remote: string | undefined, forwardedFor: string | undefined, proxies: number): string {
  const hops = proxies > 0 ? (forwardedFor ?? '').split(',').map((hop) => hop.trim()) : [];
  // Each proxy adds the one that it got the request from at the end.
  return networkOf(hops.at(-proxies) ?? remote ?? '');
}

function networkOf(address: string): string {
  // An IPv4 address on a socket for both: ::ffff:203.0.113.7.
  const v4 = /(?:^|^::ffff:)(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}(?::\d+)?$/i.exec(address);
  if (v4) return `${v4[1]}.0/24`;
  const bare = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/%.*$/, '');
  if (!/^[\da-f:]+$/i.test(bare) || !bare.includes(':')) return '';
  const [head = '', tail] = bare.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail ? tail.split(':').length : 0;
  while (tail !== undefined && groups.length + rest < 8) groups.push('0');
  return `${groups.slice(0, 3).join(':')}::/48`;
}
