// Vercel's AI SDK by its OpenAI (Responses and chat), Anthropic and Google providers: plain, streamed, a tool it runs.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [base, key, model] = process.argv.slice(2);
const openai = createOpenAI({ baseURL: `${base}/v1`, apiKey: key });
const anthropic = createAnthropic({ baseURL: `${base}/v1`, apiKey: key });
const google = createGoogleGenerativeAI({ baseURL: `${base}/v1beta`, apiKey: key });
const prompt = "Which sea is it?";

const clients = {
  responses: openai(model), chat: openai.chat(model), anthropic: anthropic(model), google: google(model),
};
for (const [name, one] of Object.entries(clients)) {
  const given = [];
  const get_weather = tool({
    description: "The weather",
    inputSchema: z.object({ city: z.string(), days: z.number().optional() }),
    execute: async (input) => { given.push(input); return "5 degrees"; },
  });
  const plain = await generateText({ model: one, prompt, maxRetries: 0 });
  const stream = streamText({ model: one, prompt, maxRetries: 0 });
  const streamed = await stream.text;
  const tools = await generateText({ model: one, prompt, maxRetries: 0, tools: { get_weather }, stopWhen: stepCountIs(3) });
  console.log(JSON.stringify({
    as: `ai-sdk ${name}`, plain: plain.text, stream: streamed, tool: given, after: tools.text,
    usage: [plain.usage.totalTokens, (await stream.usage).totalTokens],
  }));
}
