const SAMPLES = [
  "Short and plain, as most of what people write.",
  "A list:\n\n- one thing\n- another, with `code` in it\n- a third with **weight**\n\nAnd a sentence after it that runs on for a while, so that a line breaks.",
  "```python\ndef total(rows: list[Row]) -> int:\n    return sum(row.cost for row in rows if row.settled)\n```\n\nThe sum leaves out what is not settled.",
  "| model | in | out |\n|---|---|---|\n| a | 812 | 391 |\n| b | 640 | 212 |\n\n> Tokens are each model's own count.",
  "## A heading\n\n" + "Some sentences of ordinary length make a paragraph. ".repeat(8),
];

/** Takes in a conversation of so many messages, of mixed Markdown and code; its id. */
export async function conversation(stack, messages) {
  const title = `${messages} messages`;
  const mapping = { root: { id: "root", message: null, parent: null, children: ["m0"] } };
  for (let index = 0; index < messages; index += 1) {
    const isQuestion = index % 2 === 0;
    mapping[`m${index}`] = {
      id: `m${index}`,
      parent: index === 0 ? "root" : `m${index - 1}`,
      children: index === messages - 1 ? [] : [`m${index + 1}`],
      message: {
        id: `m${index}`,
        author: { role: isQuestion ? "user" : "assistant" },
        create_time: 1_760_000_000 + index,
        content: {
          content_type: "text",
          parts: [isQuestion ? `Question ${index / 2 + 1}, and what follows from it?` : SAMPLES[index % SAMPLES.length]],
        },
      },
    };
  }
  const whole = [
    { id: title, conversation_id: title, title, create_time: 1_760_000_000, mapping, current_node: `m${messages - 1}` },
  ];
  const form = new FormData();
  form.append("file", new Blob([JSON.stringify(whole)], { type: "application/json" }), "conversations.json");
  const headers = { "x-trunkline-csrf": "1" };
  const answer = await fetch(`${stack.url}/api/import`, { method: "POST", headers, body: form });
  if (!answer.ok) throw new Error(`the import was refused: ${await answer.text()}`);
  const { items } = await (await fetch(`${stack.url}/api/conversations`)).json();
  const found = items.find((item) => item.title === title);
  if (found === undefined) throw new Error("the conversation that was taken in is not in the list");
  return found.id;
}
