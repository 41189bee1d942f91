import { customResourceDefinitionFor } from '@orrery/api';
import { controllerPolicy } from '@orrery/core';
import { websiteController } from './controller.ts';
import { Website } from './website.ts';

/** Prints what a cluster needs before the controller runs there: the kind, an account, and the rights that follow from what it says. */
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: websiteController.name, namespace: 'kube-system' },
};
for (const object of [customResourceDefinitionFor(Website), account, ...controllerPolicy(websiteController)]) {
  console.log(`---\n${JSON.stringify(object, null, 2)}`);
}
