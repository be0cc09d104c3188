/**
 * The compiler's proof that what the server describes is what the screens read. schema.d.ts is made from the API's own
 * description by `npm run generate`; a field that changed there and not in the types of this folder stops the build here.
 */

import type { components } from "./schema";
import type * as Api from "./types";

type Server = components["schemas"];

/** An error at the place of use when an answer of the server is not what the screens read. */
type Fits<Mine, Theirs extends Mine> = Theirs;

export type Agreement = [
  Fits<Api.Conversation, Server["Conversation"]>,
  Fits<Api.Message, Server["ConversationMessage"]>,
  Fits<Api.Episode, Server["ConversationEpisode"]>,
  Fits<Api.Prepared, Server["ConversationPreparedBody"]>,
  Fits<Api.Cart, Server["CommerceCartBody"]>,
  Fits<Api.CartColumn, Server["CommerceBoardColumn"]>,
  Fits<Api.Order, Server["CommerceOrderBody"]>,
  Fits<Api.Shop, Server["CommerceShopBody"]>,
  Fits<Api.Channel, Server["Channel"]>,
  Fits<Api.ChannelKind, Server["ChannelDescriptor"]>,
  Fits<Api.ChannelHealth, Server["ChannelHealth"]>,
  Fits<Api.ChannelCheck, Server["ChannelCheck"]>,
  Fits<Api.Me, Server["OrgMeJSON"]>,
  Fits<Api.SetupState, Server["OrgSetupState"]>,
  Fits<Api.Checklist, Server["OrgChecklistJSON"]>,
  Fits<Api.Settings, Server["OrgSettings"]>,
  Fits<Api.Member, Server["OrgMemberJSON"]>,
  Fits<Api.Invite, Server["OrgInviteJSON"]>,
  Fits<Api.RoleMatrix, Server["OrgRolesJSON"]>,
  Fits<Api.ApiKey, Server["OrgKeyJSON"]>,
  Fits<Api.AuditEntry, Server["OrgAuditJSON"]>,
  Fits<Api.Person, Server["PeoplePersonJSON"]>,
  Fits<Api.ConsentCard, Server["PeopleCardJSON"]>,
  Fits<Api.TimelineItem, Server["PeopleTimelineItem"]>,
  // An offer that is written has no id yet, and shares its description with one that is read.
  Fits<Omit<Api.Offer, "id">, Server["OfferBody"]>,
  Fits<Api.Code, Server["OfferCodeBody"]>,
  Fits<Api.TrackedLink, Server["OfferLinkBody"]>,
  Fits<Api.Journey, Server["JourneyBody"]>,
  Fits<Api.JourneyRun, Server["JourneyRunBody"]>,
  Fits<Api.RecoveryReport, Server["ReportRecovery"]>,
  Fits<Api.RecoveryRow, Server["ReportRow"]>,
  Fits<Api.SimPhone, Server["SimulatorPhoneBody"]>,
  Fits<Api.SimClock, Server["SimulatorClockBody"]>,
];
