import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** A vendor's API key. */
export class Digistore24Api implements ICredentialType {
  name = 'digistore24Api';
  displayName = 'Digistore24 API';
  icon = 'file:node.svg' as const;
  documentationUrl = 'https://dev.digistore24.com';
  properties: INodeProperties[] = [
    {
      displayName: 'API Key',
      name: 'apiKey',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'In Digistore24: Settings → Account access → API keys',
    },
    { displayName: 'Base URL', name: 'baseUrl', type: 'string', default: 'https://www.digistore24.com' },
  ];
  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { 'X-DS-API-KEY': '={{$credentials.apiKey}}' } },
  };
  // Digistore24 answers a wrong key with 200: the body says so.
  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.baseUrl}}', url: '/api/call/ping/json/' },
    rules: [
      {
        type: 'responseSuccessBody',
        properties: { key: 'result', value: 'error', message: 'Digistore24 refuses this API key.' },
      },
    ],
  };
}
