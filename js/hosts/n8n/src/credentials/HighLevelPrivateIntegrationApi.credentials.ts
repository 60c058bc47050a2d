import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** A token of a private integration and the sub-account that it is for. */
export class HighLevelPrivateIntegrationApi implements ICredentialType {
  name = 'highLevelPrivateIntegrationApi';
  displayName = 'HighLevel Private Integration API';
  icon = { light: 'file:../icons/ghl.svg', dark: 'file:../icons/ghl.dark.svg' } as const;
  documentationUrl = 'https://help.gohighlevel.com/support/solutions/articles/155000003054';
  properties: INodeProperties[] = [
    {
      displayName: 'Token',
      name: 'token',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description: 'In the sub-account: Settings → Private Integrations → Create. It begins with pit-.',
    },
    {
      displayName: 'Location ID',
      name: 'locationId',
      type: 'string',
      default: '',
      required: true,
      description: 'Of the sub-account; it stands in the address bar: /location/ID/',
    },
    {
      displayName: 'Workflow Token',
      name: 'workflowToken',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      description: 'Only for the workflow trigger: a long random word of your own, 16 letters and digits or more',
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
