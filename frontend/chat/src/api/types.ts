import type { components } from "./schema";

// Short names for the shapes of the API; `schema.d.ts` is generated from the backend's OpenAPI.
type Schemas = components["schemas"];

export type AppSettings = Schemas["AppSettings"];
export type AppSettingsUpdate = Schemas["AppSettingsUpdate"];
export type Attachment = Schemas["Attachment"];
export type Conversation = Schemas["Conversation"];
export type ConversationDetail = Schemas["ConversationDetail"];
export type ConversationPage = Schemas["ConversationPage"];
export type ConversationUpdate = Schemas["ConversationUpdate"];
export type ErrorBody = Schemas["ErrorBody"];
export type ErrorCode = Schemas["ErrorCode"];
export type ImportReport = Schemas["ImportReport"];
export type Loss = Schemas["Loss"];
export type Message = Schemas["Message"];
export type MessageStatus = Message["status"];
export type ModelCard = Schemas["ModelCard"];
export type ModelList = Schemas["ModelList"];
export type Params = Schemas["Params"];
export type PreflightReport = Schemas["PreflightReport"];
export type PreflightRequest = Schemas["PreflightRequest"];
export type Receipt = Schemas["Receipt"];
export type Route = Schemas["Route"];
export type Run = Schemas["Run"];
export type RunEvents = Schemas["RunEvents"];
export type RunRequest = Schemas["RunRequest"];
export type Session = Schemas["Session"];
export type UsageReport = Schemas["UsageReport"];
export type Vote = Schemas["Vote"];
