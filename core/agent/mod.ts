/** The agent: the loop, its drivers, the knowledge base, recordings answered as tools. @module */
export { agentInvestigator, type AgentInvestigatorOptions } from "./agent_investigator.ts";
export { type Clock, type ManualClock, manualClock, systemClock } from "./clock.ts";
export type { AgentCall, AgentDriver, AgentState, Draft, DriverStep, ForcedEnd, Lang, Observation } from "./driver.ts";
export { rulesDriver } from "./drivers/rules.ts";
export type * from "./rules/knowledge.ts";
export { type AgentEvent, investigate, type InvestigateOptions } from "./investigate.ts";
export { atPointer, pointerToken } from "./json_pointer.ts";
export { type CheckedArgs, checkToolArgs } from "./tool_args.ts";
export { type Replay, replayTools } from "./replay.ts";
export { type CallSink, type MadeCall } from "./tool_runner.ts";
