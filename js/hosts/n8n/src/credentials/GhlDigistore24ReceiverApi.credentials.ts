import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** A receiver that keeps the sync's ledger. */
export class GhlDigistore24ReceiverApi implements ICredentialType {
  name = 'ghlDigistore24ReceiverApi';
  displayName = 'HighLevel + Digistore24 Receiver API';
  icon = { light: 'file:../icons/ghl.svg', dark: 'file:../icons/ghl.dark.svg' } as const;
  documentationUrl = 'https://www.npmjs.com/package/n8n-nodes-ghl-digistore24';
  properties: INodeProperties[] = [
    {
      displayName: 'URL',
      name: 'url',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'https://sync.example.com',
    },
    {
      displayName: 'Token',
      name: 'token',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'Its setting SYNC_TOKEN',
    },
  ];
  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { authorization: '=Bearer {{$credentials.token}}' } },
  };
  test: ICredentialTestRequest = { request: { baseURL: '={{$credentials.url}}', url: '/healthz/live' } };
}
