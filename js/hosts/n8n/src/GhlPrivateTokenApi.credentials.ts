import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** A private integration of a sub-account. */
export class GhlPrivateTokenApi implements ICredentialType {
  name = 'ghlPrivateTokenApi';
  displayName = 'HighLevel Private Integration API';
  icon = 'file:node.svg' as const;
  documentationUrl = 'https://help.gohighlevel.com/support/solutions/articles/155000003054';
  properties: INodeProperties[] = [
    {
      displayName: 'Token',
      name: 'token',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'In the sub-account: Settings → Private Integrations',
    },
    {
      displayName: 'Location ID',
      name: 'locationId',
      type: 'string',
      default: '',
      required: true,
      description: 'In the address bar, after /location/',
    },
    { displayName: 'Base URL', name: 'baseUrl', type: 'string', default: 'https://services.leadconnectorhq.com' },
  ];
  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { Authorization: '=Bearer {{$credentials.token}}' } },
  };
  test: ICredentialTestRequest = {
    request: {
      baseURL: '={{$credentials.baseUrl}}',
      url: '=/locations/{{$credentials.locationId}}',
      headers: { Version: '2021-07-28' },
    },
  };
}
