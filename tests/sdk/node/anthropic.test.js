// Anthropic's own client for Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import { counted, eventually, everywhere, user } from "./places.js";

const City = z.object({ name: z.string(), people: z.number().int() });
const tools = ["weather", "clock"].map((name) => ({
  name,
  input_schema: { type: "object", properties: { city: { type: "string" } } },
}));

const clientAt = (place, options = {}) =>
  new Anthropic({ baseURL: place.anthropic_url, apiKey: place.key, maxRetries: 0, ...options });

everywhere("messages", (place) => {
  const { messages } = clientAt(place);
  const asked = (content) => ({ model: place.messages, max_tokens: 1000, messages: user(content) });

  test("a text is answered with its usage", async () => {
    const told = await messages.create({ ...asked("Hello there"), system: "Be short" });
    assert.ok(told.content[0].text.startsWith(place.messages_says));
    assert.equal(told.stop_reason, "end_turn");
    assert.equal(told.usage.input_tokens, 4);
  });

  test("the streaming helper tells its parts and the whole", async () => {
    const stream = messages.stream(asked("Hello"));
    let text = "";
    stream.on("text", (part) => (text += part));
    const told = await stream.finalMessage();
    assert.equal(told.content[0].text, text);
    assert.equal(text, (await messages.create(asked("Hello"))).content[0].text);
    assert.ok(told.usage.output_tokens > 5);
  });

  test("tools are called at once and their results answered", async () => {
    const history = user("How is it? [[call:weather,clock]]");
    const first = await messages.stream({ ...asked(""), messages: history, tools }).finalMessage();
    assert.equal(first.stop_reason, "tool_use");
    assert.deepEqual(first.content.map((block) => [block.name, block.input.city]), [
      ["weather", "simulated"],
      ["clock", "simulated"],
    ]);
    const results = first.content.map((block) => ({ type: "tool_result", tool_use_id: block.id, content: "fine" }));
    const turns = [...history, { role: "assistant", content: first.content }, ...user(results)];
    const second = await messages.create({ ...asked(""), messages: turns, tools });
    assert.ok(second.content[0].text.includes("(fine; fine)"));
  });

  test("an answer is parsed", async () => {
    const told = await messages.parse({ ...asked("Which?"), output_config: { format: zodOutputFormat(City) } });
    assert.deepEqual(told.parsed_output, { name: "simulated", people: 1 });
  });

  test("errors are of the classes that they are at Anthropic", async () => {
    const classes = {
      400: Anthropic.BadRequestError,
      403: Anthropic.PermissionDeniedError,
      404: Anthropic.NotFoundError,
      422: Anthropic.UnprocessableEntityError,
      429: Anthropic.RateLimitError,
      503: Anthropic.InternalServerError,
      529: Anthropic.InternalServerError,
    };
    for (const [status, kind] of Object.entries(classes)) {
      await assert.rejects(messages.create(asked(`[[sim:all.status=${status}]]`)), kind);
    }
    const stranger = clientAt(place, { apiKey: "invalid" });
    await assert.rejects(stranger.messages.create(asked("Hello")), Anthropic.AuthenticationError);
    const hasty = clientAt(place, { timeout: 300 });
    await assert.rejects(hasty.messages.create(asked("[[sim:all.delay=3]]")), Anthropic.APIConnectionTimeoutError);
  });

  test("an error amid a stream is raised after what came before", async () => {
    let contents = 0;
    await assert.rejects(async () => {
      const stream = await messages.create({ ...asked("[[sim:all.error_after=3]]"), stream: true });
      for await (const event of stream) contents += event.type === "content_block_delta" ? 1 : 0;
    }, Anthropic.APIError);
    assert.equal(contents, 3);
  });

  test("an abort closes the provider's connection", async () => {
    const persona = place.messages_says.includes("anthropic") ? "anthropic" : "openai";
    const before = await counted(place, persona, "abandoned");
    const stream = messages.stream(asked("[[sim:all.stall_after=2]]"));
    stream.on("error", () => {});
    stream.on("text", () => stream.abort());
    await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
    await eventually(async () => (await counted(place, persona, "abandoned")) > before);
  });
});

everywhere(
  "what only Anthropic knows",
  (place) => {
    const { messages } = clientAt(place);
    const asked = { model: place.messages, max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1024 } };

    test("thinking is shown and taken back with its signature", async () => {
      const history = user("Hello");
      const first = await messages.stream({ ...asked, messages: history }).finalMessage();
      assert.deepEqual(first.content.map((block) => block.type), ["thinking", "text"]);
      assert.ok(first.content[0].signature);
      const turns = [...history, { role: "assistant", content: first.content }, ...user("Go on")];
      assert.equal((await messages.create({ ...asked, messages: turns })).stop_reason, "end_turn");
    });

    test("tokens are counted", async () => {
      const told = await messages.countTokens({ model: place.messages, messages: user("one two three") });
      assert.equal(told.input_tokens, 3);
    });
  },
  { sameWire: true },
);
