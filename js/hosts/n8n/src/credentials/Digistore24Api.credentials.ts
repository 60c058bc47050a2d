import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** An API key of a vendor. */
export class Digistore24Api implements ICredentialType {
  name = 'digistore24Api';
  displayName = 'Digistore24 API';
  icon = { light: 'file:../icons/digistore24.svg', dark: 'file:../icons/digistore24.dark.svg' } as const;
  documentationUrl = 'https://dev.digistore24.com/hc/en-us/articles/32480217565969';
  properties: INodeProperties[] = [
    {
      displayName: 'API Key',
      name: 'apiKey',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description:
        'Settings → Account access → API keys. With full access the trigger makes its IPN connection itself.',
    },
    {
      displayName: 'IPN Passphrase',
      name: 'ipnPassphrase',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      description: 'Only of an IPN connection that you made by hand',
    },
    { displayName: 'Base URL', name: 'baseUrl', type: 'string', default: 'https://www.digistore24.com' },
  ];
  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { 'x-ds-api-key': '={{$credentials.apiKey}}' } },
  };
  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.baseUrl}}', url: '/api/call/ping', headers: { Accept: 'application/json' } },
    rules: [
      {
        type: 'responseSuccessBody',
        properties: { key: 'result', value: 'error', message: 'Digistore24 refuses this API key' },
      },
    ],
  };
}
