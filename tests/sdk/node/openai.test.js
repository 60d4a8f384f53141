// OpenAI's own client for Node.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { counted, eventually, everywhere, user } from "./places.js";

const City = z.object({ name: z.string(), people: z.number().int(), twin: z.nullable(z.object({ name: z.string() })) });
const tools = ["weather", "clock"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { city: { type: "string" } } } },
}));

const clientAt = (place, options = {}) =>
  new OpenAI({ baseURL: place.openai_url, apiKey: place.key, maxRetries: 0, ...options });

everywhere("chat completions", (place) => {
  const { completions } = clientAt(place).chat;
  const asked = (content) => ({ model: place.chat, messages: user(content) });

  test("a text is answered with its usage", async () => {
    const told = await completions.create(asked("Hello there"));
    assert.ok(told.choices[0].message.content.startsWith(place.chat_says));
    assert.equal(told.choices[0].finish_reason, "stop");
    assert.equal(told.usage.prompt_tokens, 2);
  });

  test("a stream says what the whole answer says", async () => {
    const stream = await completions.create({
      ...asked("Hello there"),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    const whole = await completions.create(asked("Hello there"));
    assert.equal(text, whole.choices[0].message.content);
    assert.equal(usage.total_tokens, whole.usage.total_tokens);
  });

  test("the streaming helper tells its parts and the whole", async () => {
    const runner = completions.stream(asked("Hello"));
    let text = "";
    runner.on("content", (part) => (text += part));
    const told = await runner.finalChatCompletion();
    assert.equal(told.choices[0].message.content, text);
    assert.ok(text.startsWith(place.chat_says));
  });

  test("tools are called at once and their results answered", async () => {
    const messages = user("How is it? [[call:weather,clock]]");
    const first = (await completions.stream({ model: place.chat, messages, tools }).finalChatCompletion()).choices[0];
    const calls = first.message.tool_calls;
    assert.deepEqual(calls.map((call) => call.function.name), ["weather", "clock"]);
    assert.deepEqual(JSON.parse(calls[1].function.arguments), { city: "simulated" });
    const results = calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "fine" }));
    const second = await completions.create({ model: place.chat, messages: [...messages, first.message, ...results], tools });
    assert.ok(second.choices[0].message.content.includes("(fine; fine)"));
  });

  test("the tool runner runs to the end", async () => {
    const runner = completions.runTools({
      ...asked("Now [[call:weather]]"),
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            parameters: { type: "object", properties: { city: { type: "string" } } },
            parse: JSON.parse,
            function: ({ city }) => `${city} is sunny`,
          },
        },
      ],
    });
    assert.ok((await runner.finalContent()).includes("(simulated is sunny)"));
  });

  test("an answer is parsed", async () => {
    const told = await completions.parse({ ...asked("Which?"), response_format: zodResponseFormat(City, "city") });
    assert.deepEqual(told.choices[0].message.parsed, { name: "simulated", people: 1, twin: { name: "simulated" } });
  });

  test("errors are of the classes that they are at OpenAI", async () => {
    const classes = {
      400: OpenAI.BadRequestError,
      403: OpenAI.PermissionDeniedError,
      404: OpenAI.NotFoundError,
      422: OpenAI.UnprocessableEntityError,
      429: OpenAI.RateLimitError,
      503: OpenAI.InternalServerError,
    };
    for (const [status, kind] of Object.entries(classes)) {
      await assert.rejects(completions.create(asked(`[[sim:all.status=${status}]]`)), kind);
    }
    const stranger = clientAt(place, { apiKey: "invalid" });
    await assert.rejects(stranger.chat.completions.create(asked("Hello")), OpenAI.AuthenticationError);
    const hasty = clientAt(place, { timeout: 300 });
    await assert.rejects(hasty.chat.completions.create(asked("[[sim:all.delay=3]]")), OpenAI.APIConnectionTimeoutError);
  });

  test("an error amid a stream is raised after what came before", async () => {
    let contents = 0;
    await assert.rejects(async () => {
      const stream = await completions.create({ ...asked("[[sim:all.error_after=3]]"), stream: true });
      for await (const chunk of stream) contents += chunk.choices[0].delta.content ? 1 : 0;
    }, OpenAI.APIError);
    assert.equal(contents, 3);
  });

  test("an abort closes the provider's connection", async () => {
    const persona = place.chat_says.includes("anthropic") ? "anthropic" : "openai";
    const before = await counted(place, persona, "abandoned");
    const stream = await completions.create({ ...asked("[[sim:all.stall_after=2]]"), stream: true });
    for await (const _chunk of stream) break;
    stream.controller.abort();
    await eventually(async () => (await counted(place, persona, "abandoned")) > before);
  });

  test("models are listed", async () => {
    const listed = [];
    for await (const model of clientAt(place).models.list()) listed.push(model.id);
    for (const name of place.listed) assert.ok(listed.includes(name));
  });
});

everywhere(
  "responses and embeddings",
  (place) => {
    const client = clientAt(place);

    test("a response is created, streamed and parsed", async () => {
      const asked = { model: place.chat, input: "Hello there" };
      const whole = await client.responses.create(asked);
      assert.ok(whole.output_text.startsWith(place.chat_says));
      let text = "";
      const runner = client.responses.stream(asked);
      for await (const event of runner) text += event.type === "response.output_text.delta" ? event.delta : "";
      assert.equal(text, whole.output_text);
      assert.equal((await runner.finalResponse()).output_text, text);
      const parsed = await client.responses.parse({ ...asked, text: { format: zodTextFormat(City, "city") } });
      assert.equal(parsed.output_parsed.people, 1);
    });

    test("embeddings are made", async () => {
      const told = await client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] });
      assert.equal(told.data.length, 2);
      assert.equal(told.data[0].embedding.length, 1536);
      const length = Math.hypot(...told.data[0].embedding);
      assert.ok(Math.abs(length - 1) < 1e-5);
    });
  },
  { sameWire: true },
);
