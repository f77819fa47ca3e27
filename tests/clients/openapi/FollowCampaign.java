import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ledgerline.client.ApiClient;
import ledgerline.client.ApiException;
import ledgerline.client.api.CampaignsApi;
import ledgerline.client.api.EventsApi;
import ledgerline.client.api.TasksApi;
import ledgerline.client.api.WebhooksApi;
import ledgerline.client.model.CampaignBody;
import ledgerline.client.model.CloudEvent;
import ledgerline.client.model.EventPage;
import ledgerline.client.model.CustomerRecord;
import ledgerline.client.model.TaskData;
import ledgerline.client.model.WebhookRequest;

/** Runs a campaign with the generated Java client, as follow_campaign.py does with the Python client. */
public final class FollowCampaign {
  /** The kinds that the webhook sends, in the campaign's order. */
  private static final List<String> KINDS = List.of("campaign.started", "call.ended", "campaign.completed");

  /** Reads the stream of the campaign's events until one is of this kind. */
  private static void waitForEvent(String url, String key, String campaign, String kind) throws Exception {
    String query = "?after=0&campaign=" + campaign + "&kind=" + kind;
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/api/v1/events/stream" + query))
            .header("Accept", "text/event-stream")
            .header("Authorization", "Bearer " + key)
            .build();
    try (Stream<String> lines = HttpClient.newHttpClient().send(request, BodyHandlers.ofLines()).body()) {
      // The data of an event has its kind; that of a note such as `caught-up` has none.
      String type = "\"type\":\"" + kind + "\"";
      if (lines.noneMatch(line -> line.startsWith("data:") && line.contains(type))) {
        throw new IllegalStateException("the stream ended before " + kind);
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    String campaign = arguments[3];
    ApiClient client = new ApiClient();
    client.updateBaseUri(arguments[0]);
    String key = System.getenv("LEDGERLINE_KEY");
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
    CampaignsApi campaigns = new CampaignsApi(client);
    EventsApi events = new EventsApi(client);
    Map<String, Object> body =
        Map.of(
            "task_id", campaign,
            "customer_segment", "clients",
            "script_template", "您好，这里是示例银行，您的账单将于三天后到期，请按时还款。",
            "schedule", Map.of("start_time", "09:00", "end_time", "18:00", "max_concurrent", 5),
            "ends_at", "2026-03-02T18:00:00+08:00",
            "retry_policy", Map.of("retries_max", 0));
    CampaignBody wanted = client.getObjectMapper().convertValue(body, CampaignBody.class);
    String created = campaigns.createCampaign(wanted, null, null).getId();
    WebhookRequest hook =
        new WebhookRequest().url(arguments[1]).allowPrivate(true).events(KINDS).campaigns(List.of(campaign));
    String secret = new WebhooksApi(client).addWebhook(hook, null, null).getSecret();
    Files.writeString(
        Path.of(arguments[2]), secret + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    CustomerRecord person = new CustomerRecord().customerId(campaign + "-1").phone(arguments[4]);
    TaskData data = new TaskData().taskId(campaign).records(List.of(person));
    Integer enrolled = new TasksApi(client).enrolCustomers(data, null, null, null, null, null).getEnrolled();
    campaigns.startCampaign(campaign, null, null);
    waitForEvent(arguments[0], key, campaign, "campaign.completed");
    List<String> kinds = new ArrayList<>();
    int after = 0;
    boolean isEnd = false;
    while (!isEnd) {
      EventPage page = events.listEvents(after, null, null, null, campaign, null, null);
      for (CloudEvent event : page.getItems()) {
        kinds.add(event.getType());
      }
      int next = Integer.parseInt(page.getNext());
      isEnd = next == after;
      after = next;
    }
    String missing = null;
    try {
      campaigns.getCampaign("NOT-THERE", null, null, null, null);
    } catch (ApiException refusal) {
      missing = client.getObjectMapper().readTree(refusal.getResponseBody()).get("code").asText();
    }
    Map<String, Object> line =
        Map.of("campaign", created, "enrolled", enrolled, "kinds", kinds, "missing", String.valueOf(missing));
    byte[] json = client.getObjectMapper().writeValueAsBytes(line);
    System.out.println(new String(json, StandardCharsets.UTF_8));
  }
}
