// Runs a campaign with the generated TypeScript client, as follow_campaign.py does with the Python client.
import { appendFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { CampaignBodyFromJSON, CampaignsApi, Configuration, EventsApi, ResponseError, TasksApi, WebhooksApi } from 'ledgerline-client'

// The kinds that the webhook sends, in the campaign's order.
const KINDS = ['campaign.started', 'call.ended', 'campaign.completed']

// The server sends at least a comment each 15 s, so a stream that is silent for longer is broken.
const SILENCE_MS = 60_000

/** Reads the stream of the campaign's events until one is of this kind. */
async function waitForEvent(url: string, campaign: string, kind: string): Promise<void> {
  const query = new URLSearchParams({ after: '0', campaign, kind })
  const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${process.env.LEDGERLINE_KEY}` }
  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(`${url}/api/v1/events/stream?${query}`, { headers, timeout: SILENCE_MS }, resolve)
    request.on('error', reject).on('timeout', () => request.destroy(new Error('the stream is silent')))
  })
  try {
    for await (const line of createInterface({ input: stream })) {
      // The data of an event has its kind; that of a note such as `caught-up` has none.
      if (line.startsWith('data:') && JSON.parse(line.slice('data:'.length)).type === kind) return
    }
  } finally {
    stream.destroy()
  }
  throw new Error(`the stream ended before ${kind}`)
}

async function main([url, receiver, secrets, campaign, phone]: string[]): Promise<void> {
  const configuration = new Configuration({ basePath: url, accessToken: process.env.LEDGERLINE_KEY })
  const campaigns = new CampaignsApi(configuration)
  const events = new EventsApi(configuration)
  const created = await campaigns.createCampaign({
    campaignBody: CampaignBodyFromJSON({
      task_id: campaign,
      customer_segment: 'clients',
      script_template: '您好，这里是示例银行，您的账单将于三天后到期，请按时还款。',
      schedule: { start_time: '09:00', end_time: '18:00', max_concurrent: 5 },
      ends_at: '2026-03-02T18:00:00+08:00',
      retry_policy: { retries_max: 0 },
    }),
  })
  const webhook = await new WebhooksApi(configuration).addWebhook({
    webhookRequest: { url: receiver, allowPrivate: true, events: KINDS, campaigns: [campaign] },
  })
  appendFileSync(secrets, `${webhook.secret}\n`)
  const enrolled = await new TasksApi(configuration).enrolCustomers({
    taskData: { taskId: campaign, records: [{ customerId: `${campaign}-1`, phone }] },
  })
  await campaigns.startCampaign({ id: campaign })
  await waitForEvent(url, campaign, 'campaign.completed')
  const kinds: string[] = []
  for (let after = 0, end = false; !end; ) {
    const page = await events.listEvents({ after, campaign })
    kinds.push(...page.items.map((event) => event.type))
    end = Number(page.next) === after
    after = Number(page.next)
  }
  const missing = await campaigns.getCampaign({ id: 'NOT-THERE' }).then(
    () => null,
    async (refusal: ResponseError) => ((await refusal.response.json()) as { code: string }).code,
  )
  console.log(JSON.stringify({ campaign: created.id, enrolled: enrolled.enrolled, kinds, missing }))
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
